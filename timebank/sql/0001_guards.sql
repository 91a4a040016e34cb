-- Guards: what is added stays, whoever writes and however. They hold against raw SQL by the tables' owner too, as long as
-- he leaves the triggers on; an owner's deeper tampering is found by the hash chain.

-- A refusal: stable SQLSTATE, its name as the message, its facts as JSON in DETAIL.
CREATE FUNCTION ledger_refuse(p_state text, p_name text, p_data jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = p_state, MESSAGE = p_name, DETAIL = p_data::text;
END $$;
-- next
CREATE FUNCTION ledger_deny() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_refuse('LZ022', 'append_only', jsonb_build_object('table', TG_TABLE_NAME, 'operation', TG_OP));
  RETURN NULL;
END $$;
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_command
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_period
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_snapshot
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_root
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_root_leaf
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_kept BEFORE DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_kept BEFORE DELETE OR TRUNCATE ON ledger_hold
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_kept BEFORE DELETE OR TRUNCATE ON ledger_book
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_deny();
-- next
-- An account opens at zero, with the chain's first link made from its own id.
CREATE TRIGGER ledger_opens_at_zero BEFORE INSERT ON ledger_account FOR EACH ROW
  WHEN (NEW.posted <> 0 OR NEW.held <> 0 OR NEW.owed <> 0 OR NEW.version <> 0 OR NEW.state <> 'open'
        OR NEW.chain_head <> sha256(uuid_send(NEW.id)))
  EXECUTE FUNCTION ledger_deny();
-- next
-- What an account is never changes, and its balance moves only together with its version and its chain.
CREATE TRIGGER ledger_account_identity BEFORE UPDATE ON ledger_account FOR EACH ROW
  WHEN (NEW.id <> OLD.id OR NEW.book <> OLD.book OR NEW.unit <> OLD.unit OR NEW.kind <> OLD.kind
        OR NEW.owner IS DISTINCT FROM OLD.owner
        OR (NEW.posted <> OLD.posted) <> (NEW.version = OLD.version + 1)
        OR (NEW.version <> OLD.version) <> (NEW.chain_head <> OLD.chain_head))
  EXECUTE FUNCTION ledger_deny();
-- next
-- A hold is resolved once, and nothing else of it changes.
CREATE TRIGGER ledger_hold_once BEFORE UPDATE ON ledger_hold FOR EACH ROW
  WHEN (OLD.state <> 'held' OR NEW.state = 'held' OR NEW.key <> OLD.key OR NEW.account <> OLD.account
        OR NEW.amount <> OLD.amount OR NEW.held_at <> OLD.held_at OR NEW.expires_at <> OLD.expires_at
        OR NEW.reference <> OLD.reference)
  EXECUTE FUNCTION ledger_deny();
-- next
CREATE TRIGGER ledger_book_identity BEFORE UPDATE ON ledger_book FOR EACH ROW
  WHEN (NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.city IS DISTINCT FROM OLD.city)
  EXECUTE FUNCTION ledger_deny();
