// davclient.js under jsdom: the library inside ownCloud's own page for custom groups, in a page's world.
// Shows: what that page does - an extended MKCOL with a display name, a listing with names and roles,
// members added, listed and made admin, a rename - and how refusals arrive there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

const { DAV_URL, DAV_USER, DAV_PASSWORD } = process.env;
const { window } = new JSDOM('', { url: DAV_URL, runScripts: 'outside-only' });
window.eval(readFileSync(createRequire(import.meta.url).resolve('davclient.js'), 'utf8'));

const client = new window.dav.Client({
    baseUrl: DAV_URL,
    userName: DAV_USER,
    password: DAV_PASSWORD,
    xmlNamespaces: { 'DAV:': 'd', 'http://owncloud.org/ns': 'oc' },
});
const oc = (name) => `{http://owncloud.org/ns}${name}`;
const groups = new URL('groups/', DAV_URL).pathname;
const team = `${groups}team`;
const resourcetype = '<d:collection/>';

/** Each resource of a multistatus: its href, the first status, and the values of these properties. */
const rows = ({ status, body }, ...properties) => {
    assert.equal(status, 207);
    // jsdom's arrays are not this world's arrays.
    return Array.from(body, ({ href, propStat: [{ status, properties: values }] }) =>
        [href, status, ...properties.map((name) => values[oc(name)])]);
};

const named = (name) => ({ '{DAV:}resourcetype': resourcetype, [oc('display-name')]: name });
assert.equal((await client.mkcol(team, named('Team & <Crew>'))).status, 201);
assert.equal((await client.mkcol(team, named('Other'))).status, 405);
assert.equal((await client.mkcol(`${groups}other`, named('team & <crew>'))).status, 409);
assert.equal((await client.mkcol(`${groups}other`, named('x'))).status, 422);

const listed = await client.propFind(groups, [oc('display-name'), oc('role')], 1);
assert.deepEqual(rows(listed, 'display-name', 'role').slice(1), [
    [`${team}/`, 'HTTP/1.1 200 OK', 'Team & <Crew>', 'admin'],
]);

assert.equal((await client.request('PUT', `${team}/bob`, {}, '')).status, 201);
const asRole = async (user, role) => rows(await client.propPatch(`${team}/${user}`, { [oc('role')]: role }));
assert.deepEqual(await asRole('alice', 'member'), [[`${team}/alice`, 'HTTP/1.1 403 Forbidden']]);
assert.deepEqual(await asRole('bob', 'owner'), [[`${team}/bob`, 'HTTP/1.1 400 Bad Request']]);
assert.deepEqual(await asRole('bob', 'admin'), [[`${team}/bob`, 'HTTP/1.1 200 OK']]);

const members = await client.propFind(`${team}/`, [oc('role'), oc('user-id')], 1);
assert.deepEqual(rows(members, 'user-id', 'role').slice(1), [
    [`${team}/alice`, 'HTTP/1.1 200 OK', 'alice', 'admin'],
    [`${team}/bob`, 'HTTP/1.1 200 OK', 'bob', 'admin'],
]);

assert.deepEqual(rows(await client.propPatch(team, { [oc('display-name')]: 'Crew' })), [
    [team, 'HTTP/1.1 200 OK'],
]);
assert.equal((await client.request('DELETE', `${team}/alice`)).status, 204);
assert.equal((await client.request('DELETE', team)).status, 403);
window.close();
