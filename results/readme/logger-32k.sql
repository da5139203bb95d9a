-- logger-32k.csv
WITH part AS (
  SELECT bin / 4 AS row, metric, min, mean, max,
         MIN(64, 108981 - bin * 64) AS n
  FROM series WHERE run = 10 AND bin * 64 < 108981)
SELECT 10 AS run, row * 256 + 1 AS first_op,
       MIN((row + 1) * 256, 108981) AS last_op,
       MIN(CASE metric WHEN 'live' THEN min END) AS live_min,
       SUM(CASE metric WHEN 'live' THEN mean * n END) /
         SUM(CASE metric WHEN 'live' THEN n END) AS live_mean,
       MAX(CASE metric WHEN 'live' THEN max END) AS live_max,
       MIN(CASE metric WHEN 'used' THEN min END) AS used_min,
       SUM(CASE metric WHEN 'used' THEN mean * n END) /
         SUM(CASE metric WHEN 'used' THEN n END) AS used_mean,
       MAX(CASE metric WHEN 'used' THEN max END) AS used_max,
       MIN(CASE metric WHEN 'free' THEN min END) AS free_min,
       SUM(CASE metric WHEN 'free' THEN mean * n END) /
         SUM(CASE metric WHEN 'free' THEN n END) AS free_mean,
       MAX(CASE metric WHEN 'free' THEN max END) AS free_max,
       MIN(CASE metric WHEN 'largest_free' THEN min END) AS largest_free_min,
       SUM(CASE metric WHEN 'largest_free' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_free' THEN n END) AS largest_free_mean,
       MAX(CASE metric WHEN 'largest_free' THEN max END) AS largest_free_max,
       MIN(CASE metric WHEN 'largest_request' THEN min END) AS largest_request_min,
       SUM(CASE metric WHEN 'largest_request' THEN mean * n END) /
         SUM(CASE metric WHEN 'largest_request' THEN n END) AS largest_request_mean,
       MAX(CASE metric WHEN 'largest_request' THEN max END) AS largest_request_max
FROM part GROUP BY row ORDER BY row;
-- logger-32k-collections.csv
SELECT 10 AS run, MIN(key - 687194767360) AS op, COUNT(*) AS collections
FROM collection WHERE key >= 687194767360 AND key <= 755914244095
GROUP BY (key - 687194767360 - 1) / 1 ORDER BY op;
-- logger-32k-refusals.csv
SELECT 10 AS run, key - 687194767360 AS op, MIN(asked) AS asked,
       COUNT(*) AS refusals
FROM refusal WHERE key >= 687194767360 AND key <= 755914244095
GROUP BY (key - 687194767360 - 1) / 1 ORDER BY op;
