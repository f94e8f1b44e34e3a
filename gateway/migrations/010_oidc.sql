-- What the demo issuer keeps (the adapter of oidc-provider). Access tokens are signed and stand nowhere.
CREATE TABLE oidc_payload (
  model text NOT NULL,
  id text NOT NULL,
  payload jsonb NOT NULL,
  grant_id text,
  uid text,
  user_code text,
  expires_at timestamptz,
  PRIMARY KEY (model, id)
);

CREATE INDEX oidc_payload_expires_at ON oidc_payload (expires_at);

CREATE INDEX oidc_payload_grant_id ON oidc_payload (grant_id) WHERE grant_id IS NOT NULL;

CREATE INDEX oidc_payload_uid ON oidc_payload (model, uid) WHERE uid IS NOT NULL;

CREATE INDEX oidc_payload_user_code ON oidc_payload (model, user_code) WHERE user_code IS NOT NULL;

-- Ids of tokens that are good for one use (client assertions, calls of the admin API), kept until they expire by themselves.
CREATE TABLE used_token (
  kind text NOT NULL,
  id text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE INDEX used_token_expires_at ON used_token (expires_at);
