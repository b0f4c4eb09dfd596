// nextcloud-node-client, a library for Node: JSON both ways, with a class for every kind of refusal.
// Shows: users as objects with their properties, a user made and changed in one go, groups, subadmins
// and apps.
// setting: COMPAT=nextcloud
import assert from 'node:assert/strict';
import library from 'nextcloud-node-client';

const { SERVER_URL, ADMIN_USER, ADMIN_PASSWORD } = process.env;
const access = { url: SERVER_URL, basicAuth: { username: ADMIN_USER, password: ADMIN_PASSWORD } };
const client = new library.Client(new library.Server(access));
const refused = (name, promise) => assert.rejects(promise, (error) => error.constructor.name === name);
const ids = (entries) => entries.map((entry) => entry.id);

await client.createUserGroup('staff');
await refused('UserGroupAlreadyExistsError', client.createUserGroup('staff'));
const erin = await client.createUser({ id: 'erin', email: 'erin@example.org', password: 'erinpw' });
await refused('UserAlreadyExistsError', client.createUser({ id: 'erin', password: 'erinpw' }));

await erin.setDisplayName('Erin E.');
await erin.setQuota('1 GB');
assert.deepEqual([await erin.getDisplayName(), await erin.getEmail()], ['Erin E.', 'erin@example.org']);
assert.equal((await erin.getQuota()).quota, 1024 ** 3);
assert.deepEqual([await erin.isEnabled(), await erin.isSuperAdmin(), await erin.getLastLogin()], [true, false, null]);
await refused('UserUpdateError', client.updateUserProperty('erin', 'email', 'none'));
await refused('UserNotFoundError', client.updateUserProperty('nobody', 'displayname', 'Nobody'));
await refused('UserNotFoundError', client.getUserData('nobody'));
assert.deepEqual(ids(await client.getUsers('ERIN')), ['erin']);
assert.deepEqual(ids(await client.getUsers('', 2, 1)), ['alice', 'bob']);

await client.addUserToMemberUserGroup('erin', 'staff');
await refused('UserGroupDoesNotExistError', client.addUserToMemberUserGroup('erin', 'none'));
await refused('UserNotFoundError', client.addUserToMemberUserGroup('nobody', 'staff'));
assert.deepEqual(await client.getUserGroupMembers('staff'), ['erin']);
await refused('UserGroupDoesNotExistError', client.getUserGroupMembers('none'));
await client.promoteUserToUserGroupSubadmin('erin', 'staff');
assert.deepEqual(await client.getUserGroupSubadmins('staff'), ['erin']);
await refused('UserGroupDoesNotExistError', client.getUserGroupSubadmins('none'));
await client.demoteUserFromSubadminUserGroup('erin', 'staff');
await client.removeUserFromMemberUserGroup('erin', 'staff');

const [report] = await client.upsertUsers([
    { id: 'erin', enabled: false, memberGroups: ['staff', 'more'], subadminGroups: ['staff'] },
]);
assert.deepEqual(report.changes.filter((change) => change.error), []);
const { enabled, memberGroups, subadminGroups } = await client.getUserData('erin');
assert.deepEqual([enabled, memberGroups, subadminGroups], [false, ['more', 'staff'], ['staff']]);

assert((await client.getApps()).apps.includes('customgroups'));
assert.equal((await client.getAppInfos('dav')).id, 'dav');

await client.deleteUser('erin');
await refused('UserNotFoundError', client.deleteUser('erin'));
await client.deleteUserGroup('staff');
await client.deleteUserGroup('more');
await refused('UserGroupDoesNotExistError', client.deleteUserGroup('more'));
await refused('UserGroupDeletionFailedError', client.deleteUserGroup('admin'));
assert.deepEqual(await client.getUserGroupIds(), ['admin']);
