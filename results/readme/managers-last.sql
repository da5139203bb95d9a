-- managers-last.csv
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 301 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 301 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 304 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 304 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 313 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 313 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 320 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 320 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 326 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 326 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 329 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 329 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 333 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 333 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 340 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 340 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
-- managers-last.csv (rows of a further run)
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(1, 1502 - bin * 1) AS n
  FROM series WHERE run = 345 AND bin * 1 < 1502 AND
       metric IN ('largest_request', 'largest_free'))
SELECT 345 AS run, row * 4 + 1 AS first_op,
       MIN((row + 1) * 4, 1502) AS last_op,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max
FROM part GROUP BY row ORDER BY row;
