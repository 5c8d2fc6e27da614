// Counts the position of organisations with suites, editions, undecidable
// titles and licences that are not measured once more, with SQL:
//
//   node connected.mjs <package.json beside which DuckDB is installed> <lines.json>
//
// The lines are an array of {org, side, name, version, quantity, users, sa,
// ended, subscribed}, where side is "license", "installation" or "adjustment". What the test's products
// cover is written here by hand. Written to standard output: rows, what is
// owned and needed of each product, and shortfalls, the least that can be
// short in each organisation and group of connected products.
import { createRequire } from 'node:module';

const [, , packageFile, linesFile] = process.argv;
const { DuckDBInstance } = createRequire(packageFile)('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();

await connection.run(`
  CREATE TABLE products(name VARCHAR, grp VARCHAR, peruser BOOLEAN, measured BOOLEAN, undecidable BOOLEAN);
  INSERT INTO products VALUES
    ('Apps', 'suites', true, true, false), ('Visio Professional', 'suites', false, true, false), ('Visio Standard', 'suites', false, true, false),
    ('E3', 'suites', true, true, false), ('E5', 'suites', true, true, false), ('Editor Pro', 'suites', true, true, false),
    ('Editor', 'suites', true, true, true), ('Editor Standard', 'suites', true, true, false),
    ('System Pro', 'system', false, true, false), ('System Lite', 'system', false, true, false),
    ('Bundle', 'bundle', false, true, false), ('Tile', 'bundle', false, true, false), ('Slate', 'bundle', false, true, false), ('CAL', 'cal', false, false, false), ('Mail Online', 'mail', true, false, false),
    ('CAL Suite', 'agent', false, false, false), ('Agent', 'agent', false, true, false),
    ('SQL Enterprise', 'sql', false, false, false), ('SQL Standard', 'sql', false, false, false), ('SQL Developer', 'sql', true, true, false),
    ('SQL', 'sql', false, true, true);

  -- What a licence covers besides its own product: how its version counts, and the pool of which it covers one.
  CREATE TABLE rights(license VARCHAR, installed VARCHAR, pool VARCHAR, included BOOLEAN);
  INSERT INTO rights SELECT name, name, 'own', false FROM products;
  INSERT INTO rights VALUES
    ('Visio Professional', 'Visio Standard', 'own', false), ('Editor Pro', 'Editor', 'own', false),
    ('E3', 'Apps', 'Apps', true), ('E3', 'Visio Professional', 'Visio', true), ('E3', 'Visio Standard', 'Visio', true),
    ('E5', 'E3', 'E3', true), ('E5', 'Apps', 'Apps', true), ('E5', 'Visio Professional', 'Visio', true), ('E5', 'Visio Standard', 'Visio', true),
    ('E5', 'Editor Pro', 'Editor', true), ('E5', 'Editor', 'Editor', true), ('E5', 'Editor Standard', 'Editor', true),
    ('Editor Pro', 'Editor Standard', 'own', false), ('Editor Standard', 'Editor', 'own', false),
    ('Editor', 'Editor Pro', 'own', false), ('Editor', 'Editor Standard', 'own', false),
    ('System Pro', 'System Lite', 'own', false), ('Bundle', 'Tile', 'Tile', true), ('Bundle', 'Slate', 'Slate', true), ('CAL Suite', 'Agent', 'Agent', true),
    ('SQL Enterprise', 'SQL Standard', 'own', false), ('SQL Enterprise', 'SQL', 'own', false),
    ('SQL Standard', 'SQL', 'own', false), ('SQL Developer', 'SQL', 'own', false);

  -- The versions of what is in a Bundle. Version 2021 has no Tile, and its licence is for the one of 2019. Version 2016 has no Slate,
  -- and its licence covers none.
  CREATE TABLE contained(installed VARCHAR, version VARCHAR, own VARCHAR);
  INSERT INTO contained VALUES ('Tile', '', ''), ('Tile', '2016', 'A'), ('Tile', '2019', 'B'), ('Tile', '2021', 'B'), ('Slate', '', ''), ('Slate', '2019', 'J'), ('Slate', '2021', 'K');

  CREATE TABLE lines AS
    SELECT * FROM read_json('${linesFile.replaceAll("'", "''")}', columns = {
      org: 'INTEGER', side: 'VARCHAR', name: 'VARCHAR', version: 'VARCHAR', quantity: 'INTEGER', users: 'INTEGER', sa: 'INTEGER', ended: 'VARCHAR', subscribed: 'BOOLEAN'})
    JOIN products USING (name) WHERE quantity > 0 OR side = 'adjustment' AND quantity <> 0;

  CREATE TABLE demands AS
    SELECT org, grp, name, version, measured, undecidable, sum(CASE WHEN peruser AND users > 0 THEN users ELSE quantity END) AS needed
    FROM lines WHERE side = 'installation' GROUP BY ALL;

  -- A service of which nothing is installed is not measured; if an inventory has it, it is.
  UPDATE demands SET measured = true WHERE name = 'Mail Online';

  -- What was bought, by what is taken last when an adjustment takes licences.
  CREATE TABLE bought AS
    SELECT org, grp, name, version, measured, last, assured, ended, subscribed, sum(quantity) AS quantity FROM (
      SELECT org, grp, name, version, measured, 0 AS last, false AS assured, '' AS ended, false AS subscribed, quantity - sa AS quantity
        FROM lines WHERE side = 'license' AND NOT subscribed
      UNION ALL
      SELECT org, grp, name, version, measured, CASE WHEN ended = '' THEN 2 ELSE 1 END, ended = '', ended, false, sa
        FROM lines WHERE side = 'license' AND NOT subscribed
      UNION ALL
      SELECT org, grp, name, version, measured, 3, false, '', true, quantity FROM lines WHERE side = 'license' AND subscribed
    ) GROUP BY ALL HAVING sum(quantity) > 0;

  CREATE TABLE adjusted AS
    SELECT org, grp, name, version, bool_and(measured) AS measured, sum(quantity) AS quantity FROM lines WHERE side = 'adjustment' GROUP BY ALL;

  CREATE TABLE licenses AS SELECT org, grp, name, version, assured, ended, subscribed, measured, sum(quantity) AS quantity FROM (
    SELECT org, grp, name, version, assured, ended, subscribed, measured,
      greatest(0, least(quantity, quantity + coalesce(
        (SELECT least(0, a.quantity) FROM adjusted a WHERE a.org = b.org AND a.name = b.name AND a.version = b.version), 0)
        + coalesce(sum(quantity) OVER taken, 0))) AS quantity
    FROM bought b WINDOW taken AS (PARTITION BY org, name, version ORDER BY last, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    UNION ALL
    SELECT org, grp, name, version, false, '', false, measured, quantity FROM adjusted WHERE quantity > 0
  ) GROUP BY ALL;
  UPDATE licenses SET measured = true WHERE name = 'Mail Online' AND org IN (SELECT org FROM demands WHERE name = 'Mail Online');

  CREATE TABLE covers AS
    SELECT l.*, d.version
    FROM (
      SELECT l.org, l.grp, l.name AS license, l.version AS bought, l.assured, l.ended, l.subscribed, r.pool, r.included, r.installed AS name,
        l.quantity, l.measured, coalesce(c.own, l.version) AS seen
      FROM licenses l JOIN rights r ON r.license = l.name LEFT JOIN contained c ON l.name = 'Bundle' AND c.installed = r.installed AND c.version = l.version
      WHERE l.quantity > 0 AND (l.name <> 'Bundle' OR r.installed = 'Bundle' OR c.own IS NOT NULL)
    ) l JOIN demands d ON d.org = l.org AND d.name = l.name
    WHERE seen = '' OR seen = d.version OR d.version = '' OR seen > d.version
      OR license = 'System Pro' AND bought = '2019' AND d.version = '2021'
      OR seen < d.version AND (subscribed OR NOT included
        AND (assured OR ended <> '' AND (d.version < left(ended, 4) OR ended = d.version || '-12-31')))`);

await connection.run(`UPDATE covers SET measured = measured AND (SELECT d.measured FROM demands d WHERE d.org = covers.org AND d.name = covers.name AND d.version = covers.version)`);

const rows = await connection.runAndReadAll(`
  SELECT org, name, version, CAST(coalesce(owned, 0) AS INTEGER) AS owned, CAST(coalesce(needed, 0) AS INTEGER) AS needed,
    coalesce(undecidable, false) AS undecidable,
    EXISTS (SELECT 1 FROM covers c WHERE c.org = rows.org AND c.name = rows.name AND c.version = rows.version AND NOT c.measured) AS unmeasured,
    CASE WHEN needed IS NULL THEN NOT measured ELSE false END AS paperonly
  FROM (
    SELECT * FROM (SELECT org, name, version, sum(quantity) AS owned, bool_and(measured) AS measured FROM licenses GROUP BY ALL)
    FULL JOIN (SELECT org, name, version, needed, undecidable FROM demands) USING (org, name, version)
  ) rows ORDER BY ALL`);

// By Hall's theorem, in each group of connected products: what is short is the
// most by which some set of installations exceeds all licences that cover any
// of it. Licences are counted once for each of their pools.
const shortfalls = await connection.runAndReadAll(`
  WITH needed AS (
    SELECT org, grp, name, version, needed, row_number() OVER (PARTITION BY org, grp ORDER BY name, version) - 1 AS bit
    FROM demands d WHERE measured
  ), supplies AS (
    SELECT c.org, c.grp, license, bought, assured, ended, subscribed, pool, quantity, bit_or(1 << CAST(n.bit AS INTEGER)) AS mask
    FROM covers c JOIN needed n USING (org, grp, name, version) WHERE c.measured GROUP BY ALL
  ), sets AS (
    SELECT org, grp, unnest(range(1, 1 << CAST(count(*) AS INTEGER))) AS members FROM needed GROUP BY org, grp
  ), wanted AS (
    SELECT s.org, s.grp, members, sum(needed) AS wanted
    FROM sets s JOIN needed n ON n.org = s.org AND n.grp = s.grp AND (members >> CAST(n.bit AS INTEGER)) & 1 = 1 GROUP BY ALL
  ), offered AS (
    SELECT s.org, s.grp, members, sum(quantity) AS offered
    FROM sets s JOIN supplies p ON p.org = s.org AND p.grp = s.grp AND members & mask <> 0 GROUP BY ALL
  )
  SELECT org, grp, CAST(greatest(0, max(wanted - coalesce(offered, 0))) AS INTEGER) AS shortfall
  FROM wanted LEFT JOIN offered USING (org, grp, members) GROUP BY ALL ORDER BY ALL`);

process.stdout.write(JSON.stringify({ rows: rows.getRowObjectsJS(), shortfalls: shortfalls.getRowObjectsJS() }));
