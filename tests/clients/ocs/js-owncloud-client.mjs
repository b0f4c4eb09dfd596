// js-owncloud-client, the library that owncloud-sdk came from: posts are multipart, the rest forms.
// Shows: logging in, the server's version, users, groups, subadmins and apps, and refusals in the
// server's words.
// setting: APPS_DIR=ocs/apps
import assert from 'node:assert/strict';
import OwnCloud from 'js-owncloud-client';

const { SERVER_URL, ADMIN_USER, ADMIN_PASSWORD } = process.env;
const refused = (words, promise) => assert.rejects(promise, (message) => String(message).includes(words));
const oc = new OwnCloud(SERVER_URL);
const { apps, groups, users } = oc;

await refused('password was incorrect', oc.login(ADMIN_USER, 'wrong'));
assert(await oc.login(ADMIN_USER, ADMIN_PASSWORD));
assert.equal(await oc.getVersion(), '10.15.0-Community');
assert.equal((await oc.getConfig()).version, '1.7');

assert(await groups.createGroup('Größe & more'));
await refused('group exists', groups.createGroup('Größe & more'));
assert(await users.createUser('erin', 'erin pw ü'));
await refused('User already exists', users.createUser('erin', 'x'));
assert(await users.setUserAttribute('erin', 'email', 'erin@example.org'));
await refused('e-mail address is not valid', users.setUserAttribute('erin', 'email', 'none'));
assert.equal((await users.getUser('erin')).email, 'erin@example.org');
await refused('not found', users.getUser('nobody'));
assert.deepEqual(await users.searchUsers('ERIN'), ['erin']);
assert.deepEqual([await users.userExists('erin'), await users.userExists('nobody')], [true, false]);

assert(await users.addUserToGroup('erin', 'Größe & more'));
await refused('does not exist', users.addUserToGroup('erin', 'none'));
assert(await users.userIsInGroup('erin', 'Größe & more'));
assert.deepEqual(await groups.getGroupMembers('Größe & more'), ['erin']);
assert(await users.addUserToSubadminGroup('erin', 'Größe & more'));
assert(await users.userIsInSubadminGroup('erin', 'Größe & more'));
assert(await users.removeUserFromGroup('erin', 'Größe & more'));
assert(await oc.login('erin', 'erin pw ü'));
assert(await oc.login(ADMIN_USER, ADMIN_PASSWORD));

assert(await apps.disableApp('activity'));
assert.equal((await apps.getApps()).activity, false);
assert(await apps.enableApp('activity'));
await refused('not found', apps.enableApp('nothing'));

assert(await users.deleteUser('erin'));
await refused('not found', users.deleteUser('erin'));
assert(await groups.deleteGroup(encodeURIComponent('Größe & more')));
assert.deepEqual(await groups.getGroups(), ['admin']);
