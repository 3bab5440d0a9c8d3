"""Extension de recherche, identifiants UUIDv7, forme sans accent.

Revision ID: noyau_0001
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "noyau_0001"
down_revision = None
branch_labels = None
depends_on = None

_AVEC = "àáâãäåāăąçćčďđèéêëēėęěğìíîïīįłñńňòóôõöøōőŕřśšşșťțţùúûüūůűųýÿźżžœæß'’-"
_SANS = "aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorrsssstttuuuuuuuuyyzzzoas   "


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute(
        """
        create function ent_uuid7() returns uuid language sql volatile parallel safe as $$
          select encode(
            set_bit(set_bit(
              overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
              52, 1), 53, 1),
            'hex')::uuid
        $$
        """
    )
    op.execute(
        f"""
        create function ent_sans_accent(texte text) returns text
        language sql immutable strict parallel safe as $$
          select translate(lower(texte), '{_AVEC.replace("'", "''")}', '{_SANS}')
        $$
        """
    )
    # Après un gros import, l'importeur rafraîchit les statistiques des tables qu'il vient de remplir :
    # seul leur propriétaire le peut, d'où la fonction, bornée à ces tables.
    op.execute(
        """
        create function ent_statistiques(cible regclass) returns void
        language plpgsql security definer set search_path = public, pg_temp as $$
        begin
          if cible::text not in ('creneau', 'creneau_enseignant', 'import_tampon', 'inscription', 'personne',
                                 'rattachement', 'responsabilite', 'identifiant', 'service') then
            raise exception 'table hors de la liste';
          end if;
          execute format('analyze %s', cible);
        end $$
        """
    )
    op.execute("revoke all on function ent_statistiques(regclass) from public")
    op.execute("grant execute on function ent_statistiques(regclass) to ent_academie, ent_application")


def downgrade() -> None:
    op.execute("drop function ent_statistiques(regclass)")
    op.execute("drop function ent_sans_accent(text)")
    op.execute("drop function ent_uuid7()")
