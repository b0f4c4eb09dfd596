-- Hashes that other servers made are found by their kind.
CREATE INDEX users_foreign_password ON users (password)
WHERE password GLOB '*$*' AND password NOT GLOB '$argon2id$v=19$m=19456,t=2,p=1$*';
