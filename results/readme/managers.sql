-- managers.csv
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 1 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 1 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 4 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 4 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 12 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 12 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 20 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 20 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 24 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 24 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 28 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 28 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 32 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 32 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 40 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 40 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 45 AND bin * 64 < 108981 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 45 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
