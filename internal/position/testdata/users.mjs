// Computes how many PCs licences for users and for PCs cover together, with SQL
// in DuckDB, from the users of single PCs, apart from the Go code.
//
//   node users.mjs <package.json that resolves @duckdb/node-api> <lines.json>
//
// The lines are an array of {org, users, pcs, user}: licences for users and for
// PCs of one product in one version, and the number of PCs of one user, which is
// 0 in a line of licences. Written to standard output: for each organisation, the
// PCs and those that are covered. A licence for a user covers up to five PCs.
import { createRequire } from 'node:module';

const [, , packageFile, linesFile] = process.argv;
const { DuckDBInstance } = createRequire(packageFile)('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();

await connection.run(`
  CREATE TABLE lines AS SELECT * FROM read_json('${linesFile.replaceAll("'", "''")}', columns = {
    org: 'INTEGER', users: 'INTEGER', pcs: 'INTEGER', user: 'INTEGER'});
  CREATE TABLE people AS SELECT row_number() OVER () AS person, org, user AS pcs FROM lines WHERE user > 0;
  -- The PCs of each person, in fives.
  CREATE TABLE fives AS
    SELECT org, person, pc // 5 AS five, count(*) AS pcs FROM (SELECT org, person, unnest(range(pcs)) AS pc FROM people) GROUP BY ALL;
  CREATE TABLE licenses AS SELECT org, sum(users) AS users, sum(pcs) AS pcs FROM lines GROUP BY org`);

const rows = await connection.runAndReadAll(`
  SELECT l.org, CAST(coalesce(any_value(f.needed), 0) AS INTEGER) AS needed,
    CAST(least(coalesce(any_value(f.needed), 0), coalesce(sum(f.pcs) FILTER (f.place <= l.users), 0) + any_value(l.pcs)) AS INTEGER) AS covered
  FROM licenses l LEFT JOIN (
    SELECT *, row_number() OVER (PARTITION BY org ORDER BY pcs DESC) AS place, sum(pcs) OVER (PARTITION BY org) AS needed FROM fives
  ) f USING (org) GROUP BY l.org ORDER BY l.org`);

process.stdout.write(JSON.stringify(rows.getRowObjectsJS()));
