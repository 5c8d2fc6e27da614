// Uses the TypeScript types that openapi-typescript generates from the OpenAPI document. It is
// compiled by make clients, so that a document from which no client can be generated is noticed.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

export async function run(url: string, token: string): Promise<string[]> {
  const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
  const created = await api.POST("/groups", { body: { name: "Design" } });
  if (created.error) throw new Error("the group was not created");
  const group: components["schemas"]["LicenseGroup"] = created.data;
  const { data, error } = await api.GET("/agreements", { params: { query: { group: group.id, limit: 50 } } });
  if (error) throw new Error("the agreements cannot be listed");
  return data.items.map((agreement) => agreement.name);
}
