-- Questions to the ledger, one at a time: weir usage --sql "…". The first three are reports that other systems show over a table of this
-- name. Input tokens are in two columns here, uncached and cached, and dates are SQLite's.

-- Expensive calls of the last seven days.
SELECT execution_id, tool, client, total_lm_cost, total_lm_requests, execution_time_ms
FROM query_metrics
WHERE total_lm_cost > 0.000001 AND start_ts >= date('now', '-7 days')
ORDER BY total_lm_cost DESC;

-- Tokens and cost by day.
SELECT date(end_ts) AS day,
  sum(total_lm_uncached_input_tokens + total_lm_cached_input_tokens) AS total_input,
  sum(total_lm_output_tokens) AS total_output,
  sum(total_lm_cost) AS daily_cost
FROM query_metrics
WHERE end_ts >= date('now', '-7 days')
GROUP BY day
ORDER BY day;

-- What the newest session has cost, and how long its calls took.
SELECT session_id, sum(total_lm_cost) AS total_spend, avg(execution_time_ms) AS avg_latency_ms
FROM query_metrics
WHERE session_id = (SELECT max(session_id) FROM query_metrics)
GROUP BY session_id;

-- By which limits calls were held up.
SELECT model, sum(json_extract(throttled_by, '$.tpm')) / 1e6 AS tpm_s, sum(json_extract(throttled_by, '$.rpm')) / 1e6 AS rpm_s
FROM attempts
GROUP BY model;
