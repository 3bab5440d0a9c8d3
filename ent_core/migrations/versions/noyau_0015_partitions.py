"""Partitions par année scolaire : les ouvrir, veiller sur les années finies, les détacher contre une preuve.

Revision ID: noyau_0015
Revises: noyau_0014
"""

from __future__ import annotations

from alembic import op

revision = "noyau_0015"
down_revision = "noyau_0014"
branch_labels = None
depends_on = None

_FONCTIONS = (
    "ent_ouvrir_partition(text, smallint)",
    "ent_veiller_partition(text, smallint)",
    "ent_retenir_partition(text, smallint, uuid)",
    "ent_detacher_partition(text, smallint, bigint)",
)


def upgrade() -> None:
    # Un schéma à part, où nul autre que le propriétaire n'entre : une partition ne se lit que par sa mère,
    # dont les droits, les politiques et les traces valent donc toujours.
    op.execute("create schema partitions")
    op.execute("revoke all on schema partitions from public")
    op.execute(
        """
        create table partitions.veille (
          mere text not null, annee smallint not null, depuis uuid not null,
          ecrite boolean not null default false, primary key (mere, annee))
        """
    )
    _ouvrir()
    _veiller()
    _retenir()
    _detacher()
    for fonction in _FONCTIONS:
        op.execute(f"revoke all on function {fonction} from public")
        op.execute(f"grant execute on function {fonction} to ent_academie")
    _preuves("'lot', 'brique', 'annee', 'bilan'")
    # L'index par personne seule sert les mêmes recherches ; la clé primaire, celles d'une année entière.
    op.drop_index(op.f("ix_inscription_uai_annee_personne_id"), table_name="inscription")


def _ouvrir() -> None:
    """Le reste reçoit ce qu'aucune année ouverte n'attend : une saisie n'échoue jamais faute de partition."""
    op.execute(
        """
        create function ent_ouvrir_partition(nom_mere text, an smallint) returns text
        language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
        declare
          nom text := nom_mere || coalesce('_' || an, '_reste');
          bornes text := case when an is null then 'default' else format('for values in (%s)', an) end;
        begin
          if length(nom) > 63 then
            raise exception 'la table % a un nom trop long pour être partitionnée', nom_mere;
          end if;
          if not exists (
            select from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
            where c.oid = to_regclass(format('public.%I', nom_mere))
              and pg_get_partkeydef(c.oid) = 'LIST (annee)'
          ) then
            raise exception 'la table % n''est pas partitionnée par année', nom_mere;
          end if;
          if to_regclass(format('partitions.%I', nom)) is not null then
            return 'presente';
          end if;
          execute format('create table partitions.%I partition of public.%I %s', nom, nom_mere, bornes);
          execute format('alter table partitions.%I enable row level security', nom);
          return 'ouverte';
        exception when check_violation then
          return 'reste';
        end $$
        """
    )


def _veiller() -> None:
    """La pose attend qui écrit et bloque qui écrirait : rien n'est en cours quand la veille commence."""
    op.execute(
        """
        create function partitions.noter() returns trigger
        language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
        begin
          update partitions.veille set ecrite = true
          where mere = tg_argv[0] and annee = tg_argv[1]::smallint and not ecrite;
          return null;
        end $$
        """
    )
    op.execute("revoke all on function partitions.noter() from public")
    op.execute(
        """
        create function ent_veiller_partition(nom_mere text, an smallint) returns boolean
        language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
        declare
          nom text := nom_mere || '_' || an;
          cible regclass := to_regclass(format('partitions.%I', nom));
        begin
          if cible is null or exists (
            select from partitions.veille v join pg_trigger t on t.tgrelid = cible and t.tgname = 'ent_veille'
            where v.mere = nom_mere and v.annee = an and not v.ecrite
          ) then
            return false;
          end if;
          execute format('lock table partitions.%I in share row exclusive mode', nom);
          if not exists (select from pg_trigger where tgrelid = cible and tgname = 'ent_veille') then
            execute format(
              'create trigger ent_veille after insert or update or delete on partitions.%I'
              ' for each row execute function partitions.noter(%L, %L)', nom, nom_mere, an);
            execute format(
              'create trigger ent_veille_vide after truncate on partitions.%I'
              ' for each statement execute function partitions.noter(%L, %L)', nom, nom_mere, an);
          end if;
          insert into partitions.veille (mere, annee, depuis) values (nom_mere, an, ent_uuid7())
          on conflict (mere, annee) do update set depuis = excluded.depuis, ecrite = false;
          return true;
        end $$
        """
    )


def _retenir() -> None:
    """Nul n'écrit plus dans l'année jusqu'à la fin de la transaction ; rend ce qu'elle est, ou rien."""
    op.execute(
        """
        create function ent_retenir_partition(nom_mere text, an smallint, repere uuid) returns text
        language plpgsql security definer set search_path = public, pg_temp as $$
        declare
          nom text := nom_mere || '_' || an;
          cible regclass := to_regclass(format('partitions.%I', nom));
        begin
          if cible is null then
            return null;
          end if;
          execute format('lock table partitions.%I in share row exclusive mode', nom);
          -- Treize signes d'un UUIDv7 : l'heure à la milliseconde, où deux actes ne s'ordonnent pas.
          return (
            select concat_ws('|', nom, v.depuis, pg_total_relation_size(cible),
              (select string_agg(
                 a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' order by a.attnum)
               from pg_attribute a where a.attrelid = cible and a.attnum > 0 and not a.attisdropped))
            from partitions.veille v
            where v.mere = nom_mere and v.annee = an and not v.ecrite
              and left(v.depuis::text, 13) < left(repere::text, 13) collate "C"
              and 2 = (select count(*) from pg_trigger where tgrelid = cible
                       and tgname in ('ent_veille', 'ent_veille_vide') and tgenabled in ('O', 'A'))
          );
        end $$
        """
    )


def _detacher() -> None:
    """Sans clé qui la désigne, la partition s'ôte d'un coup ; sinon il faut d'abord la détacher."""
    op.execute(
        """
        create function ent_detacher_partition(nom_mere text, an smallint, preuve bigint) returns void
        language plpgsql security definer set search_path = public, pg_temp as $$
        declare
          nom text := nom_mere || '_' || an;
          cible regclass := to_regclass(format('partitions.%I', nom));
        begin
          if not exists (
            select from conservation_preuve p
            where p.numero = preuve and p.nature = 'annee' and p.objet = nom_mere and p.periode = an
              and p.transaction = ((pg_current_xact_id())::text)::bigint
          ) then
            raise exception 'aucune preuve de cette transaction ne couvre cette année';
          end if;
          if exists (select from pg_constraint where confrelid = cible and contype = 'f') then
            execute format('alter table public.%I detach partition partitions.%I', nom_mere, nom);
          end if;
          execute format('drop table partitions.%I', nom);
          delete from partitions.veille v where v.mere = nom_mere and v.annee = an;
        end $$
        """
    )


def _preuves(natures: str) -> None:
    op.drop_constraint(op.f("ck_conservation_preuve_nature"), "conservation_preuve", type_="check")
    op.create_check_constraint(
        op.f("ck_conservation_preuve_nature"), "conservation_preuve", f"nature in ({natures})"
    )


def downgrade() -> None:
    op.create_index(
        op.f("ix_inscription_uai_annee_personne_id"), "inscription", ["uai", "annee", "personne_id"]
    )
    _preuves("'lot', 'brique', 'bilan'")
    for fonction in _FONCTIONS:
        op.execute(f"drop function {fonction}")
    op.execute("drop table partitions.veille")
    op.execute("drop function partitions.noter()")
    op.execute("drop schema partitions")
