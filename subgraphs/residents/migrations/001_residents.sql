-- Residents by ID number. Every primary key leads with id_number: hot statements filter on it, and it is the distribution column when the
-- register is spread over machines. Relatives are ID numbers without foreign keys, because they may stand on another machine, or nowhere.
CREATE TABLE resident (
  id_number text COLLATE "C" PRIMARY KEY,
  full_name text NOT NULL,
  other_names text[] NOT NULL DEFAULT '{}',
  date_of_birth date NOT NULL,
  sex text NOT NULL CHECK (sex IN ('MALE', 'FEMALE')),
  status text NOT NULL CHECK (status IN ('ALIVE', 'DECEASED', 'MISSING')),
  status_since date,
  nationality text NOT NULL,
  place_of_birth text,
  place_of_birth_registration text,
  origin text,
  phone text,
  marital_status text CHECK (marital_status IN ('SINGLE', 'MARRIED', 'DIVORCED', 'WIDOWED')),
  spouse_id_number text,
  mother_id_number text,
  father_id_number text,
  household_head_id_number text
);

-- Sensitive data stands apart, so that a statement for a name or an address never reads it (Decree 356/2025/NĐ-CP art. 4.1).
CREATE TABLE resident_sensitive (
  id_number text COLLATE "C" PRIMARY KEY,
  ethnicity text,
  religion text,
  blood_type text
);

CREATE TABLE residence (
  id_number text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('PERMANENT', 'TEMPORARY', 'CURRENT')),
  province text NOT NULL,
  commune text,
  street text,
  PRIMARY KEY (id_number, kind)
);

CREATE TABLE id_card (
  id_number text COLLATE "C" PRIMARY KEY,
  issued_on date NOT NULL,
  expires_on date,
  status text NOT NULL CHECK (status IN ('VALID', 'EXPIRED', 'REVOKED', 'LOST'))
);

CREATE TABLE eid_account (
  id_number text COLLATE "C" PRIMARY KEY,
  level text NOT NULL CHECK (level IN ('LEVEL_1', 'LEVEL_2')),
  status text NOT NULL CHECK (status IN ('ACTIVE', 'LOCKED'))
);

-- The roll of a household is kept under the ID number of its head; the head is its first entry.
CREATE TABLE household_member (
  id_number text COLLATE "C" NOT NULL,
  entry integer NOT NULL,
  member_id_number text NOT NULL,
  relation text NOT NULL CHECK (relation IN ('HEAD', 'SPOUSE', 'CHILD', 'GRANDCHILD', 'OTHER')),
  PRIMARY KEY (id_number, entry)
);
