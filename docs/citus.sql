-- Spreads tillgate's tables over a Citus cluster, by merchant. Run once on the coordinator, after the first start of a gateway
-- has made the tables and before the first payment, as the tables' owner: psql -v ON_ERROR_STOP=1 -f citus.sql.
-- All of one merchant is on one machine, so that each of its payments is a transaction of one machine.

BEGIN;

-- The whole gateway's, the same on each machine.
SELECT create_reference_table('schema_version');
SELECT create_reference_table('logins');
SELECT create_reference_table('purpose');
SELECT create_reference_table('heartbeat');
SELECT create_reference_table('rates');
SELECT create_reference_table('gateway_keys');
SELECT create_reference_table('statement_files');
SELECT create_reference_table('nodes');

SELECT create_distributed_table('merchants', 'merchant_id');
SELECT create_distributed_table('credentials', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('credential_keys', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('accounts', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('orders', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('order_references', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('events', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('postings', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('refunds', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('work', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('notifications', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('notification_attempts', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('batches', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('signatures', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('pairings', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('claims', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('statement_lines', 'merchant_id', colocate_with => 'merchants');
SELECT create_distributed_table('terminal_lines', 'merchant_id', colocate_with => 'merchants');

COMMIT;
