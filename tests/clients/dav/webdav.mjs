// webdav, the usual WebDAV client of Node programs.
// Shows: classes, listings as files and directories, custom properties, members put without overwriting,
// and refusals as exceptions with their status.
import assert from 'node:assert/strict';
import { createClient } from 'webdav';

const { DAV_URL, DAV_USER, DAV_PASSWORD } = process.env;
const client = createClient(DAV_URL, { username: DAV_USER, password: DAV_PASSWORD });
const refused = (status, promise) => assert.rejects(promise, (error) => error.status === status);
const names = async (path) => (await client.getDirectoryContents(path)).map((entry) => entry.filename);

assert.deepEqual((await client.getDAVCompliance('/')).compliance, ['1', '3', 'extended-mkcol']);
assert.deepEqual(await names('/'), ['/groups', '/users']);

await client.createDirectory('/groups/team');
await refused(405, client.createDirectory('/groups/team'));
await refused(409, client.createDirectory('/groups/none/team'));
assert.deepEqual(await names('/groups'), ['/groups/team']);

assert.equal(await client.putFileContents('/groups/team/bob', '', { overwrite: false }), true);
assert.equal(await client.putFileContents('/groups/team/bob', '', { overwrite: false }), false);
await refused(412, client.putFileContents('/groups/team/nobody', ''));
assert.equal((await client.stat('/groups/team')).type, 'directory');
assert.equal((await client.stat('/groups/team/bob')).type, 'file');
assert.equal(await client.exists('/groups/team/carol'), false);

const { data: members } = await client.getDirectoryContents('/groups/team', {
    details: true,
    data: `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">
        <d:prop><d:resourcetype/><oc:role/><oc:user-display-name/></d:prop>
    </d:propfind>`,
});
assert.deepEqual(
    members.map(({ basename, props }) => [basename, props.role, props['user-display-name']]),
    [['alice', 'admin', 'Alice Liddell'], ['bob', 'member', 'Bob Bär']],
);

await refused(405, client.moveFile('/groups/team', '/groups/crew'));
await refused(405, client.lock('/groups/team'));
await refused(403, client.deleteFile('/groups/team/alice'));
await client.deleteFile('/groups/team/bob');
await client.deleteFile('/groups/team');
await refused(404, client.deleteFile('/groups/team'));
assert.deepEqual(await names('/groups'), []);

const stranger = createClient(DAV_URL, { username: DAV_USER, password: 'wrong' });
await refused(401, stranger.getDirectoryContents('/groups'));
