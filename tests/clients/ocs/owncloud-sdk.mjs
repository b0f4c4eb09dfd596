// owncloud-sdk, the library of ownCloud's web interface, behind @babel/polyfill as there.
// Shows: logging in, capabilities, users and their attributes, groups, subadmins, apps, and refusals in
// the server's words.
// setting: APPS_DIR=ocs/apps
import '@babel/polyfill';
import assert from 'node:assert/strict';
import OwnCloud from 'owncloud-sdk';

const { SERVER_URL, ADMIN_USER, ADMIN_PASSWORD } = process.env;
const as = (username, password) => new OwnCloud({ baseUrl: SERVER_URL, auth: { basic: { username, password } } });
const refused = (words, promise) => assert.rejects(promise, (message) => String(message).includes(words));
const oc = as(ADMIN_USER, ADMIN_PASSWORD);
const { apps, groups, users } = oc;

await refused('Unauthorized', as(ADMIN_USER, 'wrong').login());
assert.equal((await oc.login()).id, ADMIN_USER);
assert.equal((await oc.getCurrentUser())['display-name'], 'Administrator');
assert.equal((await oc.getCapabilities()).version.major, 10);
assert.equal((await oc.getConfig()).website, 'davgroups');

assert(await groups.createGroup('staff'));
await refused('group exists', groups.createGroup('staff'));
assert(await users.createUser('erin', 'erinpw'));
assert(await users.createUser('frank', 'frankpw', ['staff']));
await refused('User already exists', users.createUser('erin', 'erinpw'));
assert(await users.setUserAttribute('erin', 'displayname', 'Erin E.'));
assert(await users.setUserAttribute('erin', 'email', 'erin@example.org'));
await refused('e-mail address is not valid', users.setUserAttribute('erin', 'email', 'none'));

const { displayname, email, enabled, quota } = await users.getUser('erin');
assert.deepEqual([displayname, email, enabled], ['Erin E.', 'erin@example.org', 'true']);
assert.deepEqual([quota.used, quota.definition], ['0', 'default']);
await refused('not found', users.getUser('nobody'));
assert.deepEqual(await users.searchUsers('ERIN'), ['erin']);
assert.deepEqual(await users.getUsers(), ['admin', 'alice', 'bob', 'carol', 'dave', 'erin', 'frank']);
assert.deepEqual([await users.userExists('erin'), await users.userExists('nobody')], [true, false]);
assert(await users.disableUser('erin'));
assert.equal((await users.getUser('erin')).enabled, 'false');
assert(await users.enableUser('erin'));

assert(await users.addUserToGroup('erin', 'staff'));
await refused('group none does not exist', users.addUserToGroup('erin', 'none'));
assert.deepEqual(await users.getUserGroups('erin'), ['staff']);
assert(await users.userIsInGroup('erin', 'staff'));
assert.deepEqual(await groups.getGroupMembers('staff'), ['erin', 'frank']);
await refused('does not exist', groups.getGroupMembers('none'));
assert(await users.addUserToSubadminGroup('erin', 'staff'));
assert.deepEqual(await users.getUserSubadminGroups('erin'), ['staff']);
assert.deepEqual(await users.getUserSubadminGroups('bob'), []);
assert(await users.userIsInSubadminGroup('erin', 'staff'));
assert(await users.removeUserFromGroup('erin', 'staff'));

assert(await apps.disableApp('activity'));
assert.equal((await apps.getApps()).activity, false);
assert(await apps.enableApp('activity'));
assert.equal((await apps.getApps()).activity, true);
await refused('not found', apps.enableApp('nothing'));

assert(await users.deleteUser('erin'));
await refused('not found', users.deleteUser('erin'));
assert(await groups.deleteGroup('staff'));
await refused('does not exist', groups.deleteGroup('staff'));
assert.deepEqual([await groups.getGroups(), await groups.groupExists('staff')], [['admin'], false]);
