-- Daily roots keep the upper nodes of their tree, from groups of 64 leaves on, so that a proof of inclusion reads some
-- eighty rows instead of every account's leaf. Leaves, nodes and root are made as before.

CREATE OR REPLACE FUNCTION ledger_make_root(p_day date) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_nodes bytea[]; v_firsts uuid[]; v_root bytea; v_leaves bigint; v_level integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(ledger_gate());
  SELECT root INTO v_root FROM ledger_root WHERE on_day = p_day;
  IF FOUND THEN RETURN v_root; END IF;
  SELECT array_agg(sha256('\x00'::bytea || uuid_send(id) || int8send(version) || chain_head) ORDER BY id),
    array_agg(id ORDER BY id), count(*) INTO v_nodes, v_firsts, v_leaves FROM ledger_account;
  WHILE array_length(v_nodes, 1) > 1 LOOP
    v_level := v_level + 1;
    SELECT array_agg(CASE WHEN r IS NULL THEN l ELSE sha256('\x01'::bytea || l || r) END ORDER BY place),
        array_agg(first ORDER BY place) INTO v_nodes, v_firsts
      FROM (SELECT place, node AS l, first, lead(node) OVER (ORDER BY place) AS r
            FROM unnest(v_nodes, v_firsts) WITH ORDINALITY AS n(node, first, place)) pairs WHERE place % 2 = 1;
    IF v_level >= 6 THEN
      INSERT INTO ledger_root_node (on_day, level, place, node, first) SELECT p_day, v_level, place - 1, node, first
        FROM unnest(v_nodes, v_firsts) WITH ORDINALITY AS n(node, first, place);
    END IF;
  END LOOP;
  v_root := COALESCE(v_nodes[1], sha256(''::bytea));
  INSERT INTO ledger_root (on_day, root, leaves) VALUES (p_day, v_root, v_leaves);
  INSERT INTO ledger_root_leaf (on_day, account, version, head)
    SELECT p_day, id, version, chain_head FROM ledger_account;
  RETURN v_root;
END $$;
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_root_node
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
