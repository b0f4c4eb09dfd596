// nextcloud-link, a library for Node: JSON both ways, which it asks for with Accept alone.
// Shows: users made with all they can have, lists of a part, groups, subadmins, and refusals as errors.
// setting: COMPAT=nextcloud
import assert from 'node:assert/strict';
import link from 'nextcloud-link';

const { SERVER_URL, ADMIN_USER, ADMIN_PASSWORD } = process.env;
const client = new link.NextcloudClient({ url: SERVER_URL, username: ADMIN_USER, password: ADMIN_PASSWORD });
const { groups, users } = client;
const refused = (words, promise) => assert.rejects(promise, (error) => error.message.includes(words));

assert.equal(await client.checkConnectivity(), true);
assert.equal(await client.as(ADMIN_USER, 'wrong').checkConnectivity(), false);

assert(await groups.add('staff'));
await refused('group exists', groups.add('staff'));
const erin = {
    userid: 'erin', password: 'erinpw', displayName: 'Erin E.', email: 'erin@example.org',
    groups: ['staff'], subadmin: ['staff'], language: 'en',
};
assert(await users.add(erin));
await refused('User already exists', users.add(erin));
await refused('Forbidden', users.add({ ...erin, userid: 'frank', groups: ['none'] }));

const { id, enabled, email, displayname, lastLogin, groups: member } = await users.get('erin');
assert.deepEqual([id, enabled, email, displayname], ['erin', true, 'erin@example.org', 'Erin E.']);
assert.deepEqual([lastLogin, member], [0, ['staff']]);
await refused('Not Found', users.get('nobody'));
assert.deepEqual(await users.list('ERIN'), ['erin']);
assert.deepEqual(await users.list('', 2, 1), ['alice', 'bob']);

assert(await users.edit('erin', 'displayname', 'Erin'));
await refused('Unable to edit', users.edit('erin', 'phone', '1'));
assert(await users.setEnabled('erin', false));
assert.equal((await users.get('erin')).enabled, false);
await refused('Unauthorized', client.as('erin', 'erinpw').users.get('erin'));
assert(await users.setEnabled('erin', true));
assert.deepEqual(await client.as('erin', 'erinpw').users.list(), ['erin']);

assert.deepEqual(await users.getSubAdminGroups('erin'), ['staff']);
assert(await users.removeSubAdminFromGroup('erin', 'staff'));
assert.deepEqual(await groups.getSubAdmins('staff'), []);
assert(await users.addSubAdminToGroup('erin', 'staff'));
assert(await users.removeFromGroup('erin', 'staff'));
assert.deepEqual(await groups.getUsers('staff'), []);
assert(await users.addToGroup('erin', 'staff'));
await refused('does not exist', users.addToGroup('erin', 'none'));
assert.deepEqual(await users.getGroups('erin'), ['staff']);
await refused('could not be found', groups.getUsers('none'));

assert(await users.delete('erin'));
await refused('not found', users.delete('erin'));
assert(await groups.delete('staff'));
assert.deepEqual(await groups.list(), ['admin']);
