"""Full text over tickets and comments.

What each database needs for it has no portable description, so none of it is in `tables.py`: see `text_search.py`.
A later migration that rebuilds `tickets` or `comments` loses their triggers and must make them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# The texts stay where they are; FTS5 keeps words alone. It wants integers that never change to name rows by, which
# a UUID is not and SQLite's hidden rowid, free to change when the file is vacuumed, is neither: so each text has one.
SQLITE = (
    "CREATE TABLE ticket_word_rows (id INTEGER PRIMARY KEY, ticket_id TEXT NOT NULL UNIQUE)",
    """
    CREATE VIEW ticket_word_texts AS
    SELECT r.id AS id, t.title AS title, t.description AS description
    FROM ticket_word_rows AS r JOIN tickets AS t ON t.id = r.ticket_id
    """,
    """
    CREATE VIRTUAL TABLE ticket_words USING fts5(
        title, description,
        content='ticket_word_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
    )
    """,
    "INSERT INTO ticket_word_rows (ticket_id) SELECT id FROM tickets ORDER BY created_at, id",
    "INSERT INTO ticket_words (ticket_words) VALUES ('rebuild')",
    """
    CREATE TRIGGER ticket_words_added AFTER INSERT ON tickets BEGIN
        INSERT INTO ticket_word_rows (ticket_id) VALUES (new.id);
        INSERT INTO ticket_words (rowid, title, description)
        SELECT id, new.title, new.description FROM ticket_word_rows WHERE ticket_id = new.id;
    END
    """,
    """
    CREATE TRIGGER ticket_words_changed AFTER UPDATE ON tickets
    WHEN old.title IS NOT new.title OR old.description IS NOT new.description
    BEGIN
        INSERT INTO ticket_words (ticket_words, rowid, title, description)
        SELECT 'delete', id, old.title, old.description FROM ticket_word_rows WHERE ticket_id = old.id;
        INSERT INTO ticket_words (rowid, title, description)
        SELECT id, new.title, new.description FROM ticket_word_rows WHERE ticket_id = new.id;
    END
    """,
    """
    CREATE TRIGGER ticket_words_removed AFTER DELETE ON tickets BEGIN
        INSERT INTO ticket_words (ticket_words, rowid, title, description)
        SELECT 'delete', id, old.title, old.description FROM ticket_word_rows WHERE ticket_id = old.id;
        DELETE FROM ticket_word_rows WHERE ticket_id = old.id;
    END
    """,
    "CREATE TABLE comment_word_rows (id INTEGER PRIMARY KEY, comment_id TEXT NOT NULL UNIQUE)",
    """
    CREATE VIEW comment_word_texts AS
    SELECT r.id AS id, c.text AS text
    FROM comment_word_rows AS r JOIN comments AS c ON c.id = r.comment_id
    """,
    """
    CREATE VIRTUAL TABLE comment_words USING fts5(
        text,
        content='comment_word_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
    )
    """,
    "INSERT INTO comment_word_rows (comment_id) SELECT id FROM comments ORDER BY created_at, id",
    "INSERT INTO comment_words (comment_words) VALUES ('rebuild')",
    """
    CREATE TRIGGER comment_words_added AFTER INSERT ON comments BEGIN
        INSERT INTO comment_word_rows (comment_id) VALUES (new.id);
        INSERT INTO comment_words (rowid, text)
        SELECT id, new.text FROM comment_word_rows WHERE comment_id = new.id;
    END
    """,
    """
    CREATE TRIGGER comment_words_changed AFTER UPDATE ON comments WHEN old.text IS NOT new.text BEGIN
        INSERT INTO comment_words (comment_words, rowid, text)
        SELECT 'delete', id, old.text FROM comment_word_rows WHERE comment_id = old.id;
        INSERT INTO comment_words (rowid, text)
        SELECT id, new.text FROM comment_word_rows WHERE comment_id = new.id;
    END
    """,
    """
    CREATE TRIGGER comment_words_removed AFTER DELETE ON comments BEGIN
        INSERT INTO comment_words (comment_words, rowid, text)
        SELECT 'delete', id, old.text FROM comment_word_rows WHERE comment_id = old.id;
        DELETE FROM comment_word_rows WHERE comment_id = old.id;
    END
    """,
)
# The words stand beside the texts: a ticket that changes in anything else leaves them and their index alone, and a
# match need not be worked out from the text again. ASCII punctuation counts as blanks, so that `printer-2.example`
# is three words here as it is in FTS5.
POSTGRESQL = (
    r"""
    CREATE FUNCTION words_of(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT to_tsvector('simple', translate(
            said, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', '                                '
        ))
    $$
    """,
    "CREATE TABLE ticket_words (ticket_id uuid PRIMARY KEY, words tsvector NOT NULL)",
    """
    INSERT INTO ticket_words (ticket_id, words)
    SELECT id, words_of(title || ' ' || coalesce(description, '')) FROM tickets
    """,
    "CREATE INDEX ix_ticket_words_words ON ticket_words USING gin (words)",
    """
    CREATE FUNCTION keep_ticket_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM ticket_words WHERE ticket_id = old.id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO ticket_words (ticket_id, words)
            VALUES (new.id, words_of(new.title || ' ' || coalesce(new.description, '')));
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER ticket_words_added AFTER INSERT ON tickets
    FOR EACH ROW EXECUTE FUNCTION keep_ticket_words()
    """,
    """
    CREATE TRIGGER ticket_words_changed AFTER UPDATE ON tickets FOR EACH ROW
    WHEN (old.title IS DISTINCT FROM new.title OR old.description IS DISTINCT FROM new.description)
    EXECUTE FUNCTION keep_ticket_words()
    """,
    """
    CREATE TRIGGER ticket_words_removed AFTER DELETE ON tickets
    FOR EACH ROW EXECUTE FUNCTION keep_ticket_words()
    """,
    "CREATE TABLE comment_words (comment_id uuid PRIMARY KEY, words tsvector NOT NULL)",
    "INSERT INTO comment_words (comment_id, words) SELECT id, words_of(text) FROM comments",
    "CREATE INDEX ix_comment_words_words ON comment_words USING gin (words)",
    """
    CREATE FUNCTION keep_comment_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM comment_words WHERE comment_id = old.id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO comment_words (comment_id, words) VALUES (new.id, words_of(new.text));
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER comment_words_added AFTER INSERT ON comments
    FOR EACH ROW EXECUTE FUNCTION keep_comment_words()
    """,
    """
    CREATE TRIGGER comment_words_changed AFTER UPDATE ON comments FOR EACH ROW
    WHEN (old.text IS DISTINCT FROM new.text) EXECUTE FUNCTION keep_comment_words()
    """,
    """
    CREATE TRIGGER comment_words_removed AFTER DELETE ON comments
    FOR EACH ROW EXECUTE FUNCTION keep_comment_words()
    """,
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.execute(sa.text(statement))
