// Counts the position of organisations once more, with SQL:
//
//   node duckdb.mjs <package.json beside which DuckDB is installed> <lines.json>
//
// The lines are an array of {org, side, publisher, name, version, quantity},
// where side is "license" or "installation". Written to standard output: rows,
// what exact matching makes of each product, and shortfalls, what is short in
// each organisation when newer versions cover older ones too.
import { createRequire } from 'node:module';

const [, , packageFile, linesFile] = process.argv;
const { DuckDBInstance } = createRequire(packageFile)('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();

await connection.run(`
  CREATE MACRO folded(s) AS lower(nfc_normalize(trim(regexp_replace(s, '\\s+', ' ', 'g'))));
  CREATE TABLE lines AS
    SELECT org, side, folded(publisher) AS publisher, folded(name) AS name, folded(version) AS version, quantity
    FROM read_json('${linesFile.replaceAll("'", "''")}', columns = {
      org: 'INTEGER', side: 'VARCHAR', publisher: 'VARCHAR', name: 'VARCHAR', version: 'VARCHAR', quantity: 'INTEGER'});
  CREATE TABLE products AS
    SELECT org, publisher, name, version,
      CAST(coalesce(sum(quantity) FILTER (side = 'license'), 0) AS INTEGER) AS owned,
      CAST(coalesce(sum(quantity) FILTER (side = 'installation'), 0) AS INTEGER) AS needed
    FROM lines WHERE quantity > 0 GROUP BY ALL`);

const rows = await connection.runAndReadAll(`
  SELECT *, least(owned, needed) AS covered, owned - least(owned, needed) AS surplus, needed - least(owned, needed) AS shortfall,
    CASE WHEN needed = 0 THEN 'unused' WHEN owned = 0 THEN 'unlicensed' WHEN owned < needed THEN 'short' ELSE 'covered' END AS verdict
  FROM products ORDER BY ALL`);

// By Hall's theorem: when a licence covers its own version and older ones, what
// is short is the most by which the installations of some version and all newer
// ones exceed the licences of the same. Versions that are no year cover only
// themselves.
const shortfalls = await connection.runAndReadAll(`
  WITH newer AS (
    SELECT org, publisher, name,
      sum(needed - owned) OVER (PARTITION BY org, publisher, name ORDER BY CAST(version AS INTEGER) DESC) AS lacking
    FROM products WHERE regexp_full_match(version, '[0-9]{4}')
  ), markets AS (
    SELECT org, greatest(0, max(lacking)) AS shortfall FROM newer GROUP BY org, publisher, name
    UNION ALL
    SELECT org, greatest(0, needed - owned) FROM products WHERE NOT regexp_full_match(version, '[0-9]{4}')
  )
  SELECT org, CAST(sum(shortfall) AS INTEGER) AS shortfall FROM markets GROUP BY org ORDER BY org`);

process.stdout.write(JSON.stringify({ rows: rows.getRowObjectsJS(), shortfalls: shortfalls.getRowObjectsJS() }));
