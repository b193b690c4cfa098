// A SCIM 2.0 server for the tests: SCIMMY's routers over accounts in memory, behind one bearer token.
// Usage: node server.mjs PORT TOKEN. It prints one line when it listens; /passwords tells the tests what was set.

import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);
const accounts = new Map();
const passwords = new Map();

function known(id) {
    const account = accounts.get(id);
    if (!account) throw new SCIMMY.Types.Error(404, null, `There is no account ${id}`);
    return account;
}

SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .ingress((resource, data) => {
        const id = resource.id ?? randomUUID();
        const before = resource.id ? known(id) : undefined;
        for (const other of accounts.values()) {
            // Case-sensitive on purpose: some servers are, so that the portal has to write names in one way.
            if (other.id !== id && other.userName === data.userName)
                throw new SCIMMY.Types.Error(409, "uniqueness", `${data.userName} is taken`);
        }
        const now = new Date();
        const { password } = data; // never returned, hence in no JSON
        if (password) passwords.set(id, password);
        const rest = JSON.parse(JSON.stringify(data));
        const account = { ...rest, id, meta: { ...before?.meta, created: before?.meta.created ?? now, lastModified: now } };
        accounts.set(id, account);
        return account;
    })
    .egress((resource) => {
        if (resource.id) return known(resource.id);
        const all = [...accounts.values()];
        return resource.filter ? resource.filter.match(all) : all;
    })
    .degress((resource) => {
        known(resource.id);
        accounts.delete(resource.id);
        passwords.delete(resource.id);
    });

const bearer = `Bearer ${token}`;
const app = express();
app.get("/passwords", (request, response) => {
    if (request.header("Authorization") !== bearer) return response.sendStatus(401);
    return response.json(Object.fromEntries(passwords));
});
app.use("/scim", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== bearer) throw new Error("The bearer token is missing or wrong");
        return "portal";
    },
}));
const server = app.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
