-- Divisions, groupes et leurs divisions. Au premier degré, ils se déduisent des élèves.
-- L'annuaire prend à son compte ce qu'il cite, et ne ferme que ce qui est à lui : une structure née d'une liste,
-- ou de l'établissement, et qu'il ne cite pas, reste ouverte.

create temp table t_division on commit drop as
select distinct on (uai, code) uai, code, libelle, mefs from (
  select e.uai, split_part(v, '$', 1) as code, v as valeur, u.rang,
    coalesce(nullif(split_part(v, '$', 2), ''), split_part(v, '$', 1)) as libelle,
    array(
      select m from unnest((string_to_array(v, '$'))[3:]) m where m <> '' and length(m) <= 11
    )::varchar(11)[] as mefs
  from t_etablissement e cross join lateral unnest(e.divisions) with ordinality as u (v, rang)
  union all
  select s.uai, split_part(v, '$', 2), v, 0,
    coalesce(nullif(split_part(v, '$', 3), ''), split_part(v, '$', 2)), '{}'
  from t_eleve e cross join lateral unnest(e.classes) v
  join t_structure s on s.cle = split_part(v, '$', 1)
  where %(degre)s = 1
) citees
order by uai, code, rang, valeur;

create temp table t_groupe on commit drop as
select distinct on (uai, code) uai, code, libelle, divisions from (
  select e.uai, split_part(v, '$', 1) as code, v as valeur, u.rang,
    coalesce(nullif(split_part(v, '$', 2), ''), split_part(v, '$', 1)) as libelle,
    (string_to_array(v, '$'))[3:] as divisions
  from t_etablissement e cross join lateral unnest(e.groupes) with ordinality as u (v, rang)
  union all
  select s.uai, split_part(v, '$', 2), v, 0,
    coalesce(nullif(split_part(v, '$', 3), ''), split_part(v, '$', 2)), '{}'
  from t_eleve e cross join lateral unnest(e.groupes) v
  join t_structure s on s.cle = split_part(v, '$', 1)
  where %(degre)s = 1
) citees
order by uai, code, rang, valeur;

-- Où la liste est entière, ce qui n'y est plus est fermé.
create temp table t_liste_entiere on commit drop as
select uai, porte_divisions, porte_groupes and %(complet)s as porte_groupes
from t_etablissement where %(degre)s <> 1
union all
select uai, true, true from t_territoire
where %(degre)s = 1 and %(complet)s and du_projet and 'Eleve' = any(%(categories)s);

-- compter division
insert into division as d (uai, annee, code, libelle, mefs, source)
select uai, %(annee)s, code, libelle, mefs, %(source)s from t_division
on conflict (uai, annee, code) do update set
  libelle = excluded.libelle, mefs = excluded.mefs, ferme_le = null,
  source = case when starts_with(d.source, %(annuaire)s || '/') then d.source else excluded.source end
where (d.libelle, d.mefs, d.ferme_le) is distinct from (excluded.libelle, excluded.mefs, null::date)
  or starts_with(d.source, %(annuaire)s || '/') is not true
returning uai, null::uuid, code, case when xmax = 0 then 'crees' else 'modifies' end;

-- compter division
update division d set ferme_le = %(jour)s
from t_liste_entiere l
where l.uai = d.uai and l.porte_divisions and d.annee = %(annee)s and d.ferme_le is null
  and starts_with(d.source, %(annuaire)s || '/')
  and not exists (select from t_division t where t.uai = d.uai and t.code = d.code)
returning d.uai, null::uuid, d.code, 'fermes';

-- compter groupe
insert into groupe as g (uai, annee, code, libelle, source)
select uai, %(annee)s, code, libelle, %(source)s from t_groupe
on conflict (uai, annee, code) do update set
  libelle = excluded.libelle, ferme_le = null,
  source = case when starts_with(g.source, %(annuaire)s || '/') then g.source else excluded.source end
where (g.libelle, g.ferme_le) is distinct from (excluded.libelle, null::date)
  or starts_with(g.source, %(annuaire)s || '/') is not true
returning uai, null::uuid, code, case when xmax = 0 then 'crees' else 'modifies' end;

-- Un delta ne ferme jamais un groupe : tous les élèves n'y sont pas.
-- compter groupe
update groupe g set ferme_le = %(jour)s
from t_liste_entiere l
where l.uai = g.uai and l.porte_groupes and g.annee = %(annee)s and g.ferme_le is null
  and starts_with(g.source, %(annuaire)s || '/')
  and not exists (select from t_groupe t where t.uai = g.uai and t.code = g.code)
returning g.uai, null::uuid, g.code, 'fermes';

insert into t_mouvement (objet, geste, nombre)
select 'division', 'attendus', count(*) from t_division union all
select 'groupe', 'attendus', count(*) from t_groupe;

create temp table t_origine on commit drop as
select distinct t.uai, g.id as groupe_id, d.id as division_id
from t_groupe t cross join lateral unnest(t.divisions) code_division
join groupe g on g.uai = t.uai and g.annee = %(annee)s and g.code = t.code
join division d on d.uai = t.uai and d.annee = %(annee)s and d.code = code_division;

-- compter groupe_division
delete from groupe_division o using groupe g, t_groupe t
where %(degre)s <> 1 and g.uai = t.uai and g.annee = %(annee)s and g.code = t.code
  and o.uai = g.uai and o.annee = g.annee and o.groupe_id = g.id
  and not exists (
    select from t_origine n where n.groupe_id = o.groupe_id and n.division_id = o.division_id
  )
returning o.uai, null::uuid, g.code, 'fermes';

-- compter groupe_division
insert into groupe_division (uai, annee, groupe_id, division_id)
select uai, %(annee)s, groupe_id, division_id from t_origine
on conflict do nothing
returning uai, null::uuid, null::text, 'crees';

-- Où chercher le code qu'une fiche cite.
create temp table t_code_division on commit drop as
select s.cle || '$' || d.code as reference, d.uai, d.id from division d join t_structure s on s.uai = d.uai
where d.annee = %(annee)s and d.ferme_le is null;

create temp table t_code_groupe on commit drop as
select s.cle || '$' || g.code as reference, g.uai, g.id from groupe g join t_structure s on s.uai = g.uai
where g.annee = %(annee)s and g.ferme_le is null;

-- Ce que l'annuaire n'a pas apporté : il n'en fait sortir personne qu'il tient encore.
create temp table t_hors_annuaire on commit drop as
select s.id from (
  select uai, id, source from division where annee <= %(annee)s
  union all
  select uai, id, source from groupe where annee <= %(annee)s
) s
where s.uai in (select uai from t_territoire) and starts_with(s.source, %(annuaire)s || '/') is not true;

analyze t_hors_annuaire;
analyze t_code_division;
analyze t_code_groupe;
