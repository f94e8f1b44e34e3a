-- People that an application has asked for on a day, of its quota. A gateway takes some ahead and gives back what it did not use.
CREATE TABLE quota_days (
  day date NOT NULL,
  application text NOT NULL,
  taken bigint NOT NULL,
  -- What the last statement was given, so that it can be told.
  given bigint NOT NULL,
  PRIMARY KEY (application, day)
);
