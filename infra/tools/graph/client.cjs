// Uses Microsoft's own client of Graph on the façade under /v1.0, as a script of an admin would. It prints what it
// got as JSON, which TestGraphClient compares. Arguments: the address of the API, a token, and the id of a group of
// devices in the directory.
const { Client, PageIterator } = require("@microsoft/microsoft-graph-client");

async function main([address, token, group]) {
  const client = Client.init({
    baseUrl: address,
    customHosts: new Set([new URL(address).hostname]),
    authProvider: (done) => done(null, token),
  });
  // Over plain HTTP the client removes the header Authorization, but only in this spelling.
  const headers = { authorization: `Bearer ${token}` };
  const api = (path) => client.api(path).headers(headers);
  const acknowledged = { Prefer: "trueup.acknowledge=service-data" };
  const refused = async (request) => {
    try {
      return { answered: await request };
    } catch (e) {
      return { status: e.statusCode, code: e.code, message: e.message, hasRequestID: Boolean(e.requestId), hasDate: !isNaN(e.date), body: JSON.parse(e.body) };
    }
  };
  const got = {};

  const skus = await api("/subscribedSkus").get();
  const sku = skus.value[0].skuId;
  got.skus = skus.value.map((s) => [s.skuPartNumber, s.consumedUnits, s.prepaidUnits.enabled]);
  got.subscriptions = (await api("/directory/subscriptions").get()).value.map((s) => [s.skuId === sku, s.status, s.totalLicenses]);

  const page = await api("/users").filter("startswith(userPrincipalName,'graph-')").select("id,userPrincipalName").top(1).count(true).get();
  got.count = page["@odata.count"];
  // The client follows full addresses only over HTTPS.
  const base = `${address}/v1.0`;
  got.fullAddress = page["@odata.nextLink"].startsWith(base);
  page["@odata.nextLink"] = page["@odata.nextLink"].slice(base.length);
  const users = [];
  await new PageIterator(client, page, (user) => users.push(user), { headers }).iterate();
  got.users = users.map((u) => u.userPrincipalName);
  const [ann, bob] = users.map((u) => u.id);

  const add = { addLicenses: [{ skuId: sku, disabledPlans: [] }], removeLicenses: [] };
  const remove = { addLicenses: [], removeLicenses: [sku] };
  got.assigned = (await api(`/users/${ann}/assignLicense`).post(add)).assignedLicenses.length;
  got.noneFree = await refused(api(`/users/${bob}/assignLicense`).post(add));
  got.details = (await api(`/users/${ann}/licenseDetails`).get()).value.map((d) => [d.skuPartNumber, d.servicePlans.length]);
  got.consumed = (await api("/subscribedSkus").get()).value[0].consumedUnits;
  got.notAcknowledged = await refused(api(`/users/${ann}/assignLicense`).post(remove));
  got.removed = (await api(`/users/${ann}/assignLicense`).headers({ ...headers, ...acknowledged }).post(remove)).assignedLicenses.length;

  await api(`/users/${bob}`).headers({ ...headers, ...acknowledged }).delete();
  got.gone = await refused(api(`/users/${bob}`).get());
  got.restored = (await api(`/directory/deletedItems/${bob}/restore`).post({})).userPrincipalName;
  got.unknownOption = await refused(api("/users").orderby("displayName").get());
  got.members = (await api(`/groups/${group}/members`).get()).value.map((m) => [m["@odata.type"], m.displayName]);
  console.log(JSON.stringify(got));
}

main(process.argv.slice(2)).catch((e) => {
  console.error(e);
  process.exit(1);
});
