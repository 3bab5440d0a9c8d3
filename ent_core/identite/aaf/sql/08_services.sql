-- Services d'enseignement et professeurs principaux. L'annuaire ne dit ni la co-intervention ni la suppléance :
-- un service naît « titulaire », et la nature qu'un établissement lui a donnée n'est pas touchée.

create temp table t_reference on commit drop as
select p.id as personne_id, a.fichier, a.ligne, g.genre,
  split_part(v, '$', 1) || '$' || split_part(v, '$', 2) as reference, nullif(split_part(v, '$', 3), '') as matiere
from t_agent a join t_personne p using (cle)
cross join lateral (values
  ('division', a.services_divisions), ('groupe', a.services_groupes), ('principal', a.principal)
) g (genre, valeurs)
cross join lateral unnest(g.valeurs) v;

insert into t_constat
select (array_agg(r.fichier order by r.fichier, r.ligne))[1], (array_agg(r.ligne order by r.fichier, r.ligne))[1],
  r.reference,
  case when s.uai is null then 'structure_inconnue' when r.genre = 'groupe' then 'groupe_inconnu'
    else 'division_inconnue' end,
  'structure d''enseignement inconnue, citée par ' || count(*) || ' service(s)', 'avertissement'
from t_reference r left join t_structure s on s.cle = split_part(r.reference, '$', 1)
where not exists (select from t_code_division d where r.genre <> 'groupe' and d.reference = r.reference)
  and not exists (select from t_code_groupe g where r.genre = 'groupe' and g.reference = r.reference)
group by r.reference, r.genre, s.uai;

insert into t_constat
select (array_agg(r.fichier order by r.fichier, r.ligne))[1], (array_agg(r.ligne order by r.fichier, r.ligne))[1],
  r.matiere, 'matiere_inconnue', 'matière hors de la nomenclature, citée par ' || count(*) || ' service(s)',
  'avertissement'
from t_reference r
where r.matiere is not null and not exists (select from matiere m where m.code = r.matiere)
group by r.matiere;

create temp table t_service on commit drop as
select distinct r.personne_id, coalesce(d.uai, g.uai) as uai, r.matiere, d.id as division_id, g.id as groupe_id
from t_reference r
left join t_code_division d on r.genre = 'division' and d.reference = r.reference
left join t_code_groupe g on r.genre = 'groupe' and g.reference = r.reference
where d.id is not null or g.id is not null;

create temp table t_principal on commit drop as
select distinct r.personne_id, d.uai, d.id as division_id
from t_reference r join t_code_division d on r.genre = 'principal' and d.reference = r.reference;

analyze t_service;
analyze t_principal;

create temp table t_service_tenu on commit drop as
select s.id, s.uai, t.personne_id, t.matiere, t.division_id, t.groupe_id
from t_service t
join service s on s.uai = t.uai and s.annee = %(annee)s and s.personne_id = t.personne_id
  and s.matiere is not distinct from t.matiere and (s.division_id = t.division_id or s.groupe_id = t.groupe_id)
where s.fin is null or s.fin > %(jour)s;

-- compter service
update service s set fin = greatest(s.debut, %(jour)s)
where s.source = %(source)s and s.annee <= %(annee)s and (s.fin is null or s.fin > %(jour)s)
  and (
    s.personne_id in (select personne_id from t_sortant where volet = 'agent')
    or s.uai in (select uai from t_territoire where du_projet and ferme)
    or s.division_id is null and s.personne_id in (
      select p.id from t_agent a join t_personne p using (cle) where a.porte_services_groupes
    )
    or s.division_id is not null and s.personne_id in (
      select p.id from t_agent a join t_personne p using (cle) where a.porte_services_divisions
    )
  )
  and not exists (select from t_service_tenu t where t.id = s.id)
returning s.uai, s.personne_id, null::text, 'fermes';

-- compter service
insert into service (uai, annee, personne_id, matiere, division_id, groupe_id, source, debut)
select t.uai, %(annee)s, t.personne_id, t.matiere, t.division_id, t.groupe_id, %(source)s, %(jour)s
from t_service t
where not exists (
  select from t_service_tenu s where s.uai = t.uai and s.personne_id = t.personne_id
    and s.matiere is not distinct from t.matiere
    and s.division_id is not distinct from t.division_id and s.groupe_id is not distinct from t.groupe_id
)
order by t.uai, t.personne_id
on conflict (uai, annee, personne_id, matiere, division_id, groupe_id, debut) do update set fin = null
returning uai, personne_id, null::text, 'crees';

-- compter professeur_principal
update professeur_principal s set fin = greatest(s.debut, %(jour)s)
where s.source = %(source)s and s.annee <= %(annee)s and (s.fin is null or s.fin > %(jour)s)
  and (
    s.personne_id in (select personne_id from t_sortant where volet = 'agent')
    or s.uai in (select uai from t_territoire where du_projet and ferme)
    or s.personne_id in (select p.id from t_agent a join t_personne p using (cle) where a.porte_principal)
  )
  and not exists (
    select from t_principal t
    where t.personne_id = s.personne_id and t.uai = s.uai and t.division_id = s.division_id
  )
returning s.uai, s.personne_id, null::text, 'fermes';

-- compter professeur_principal
insert into professeur_principal (uai, annee, personne_id, division_id, source, debut)
select t.uai, %(annee)s, t.personne_id, t.division_id, %(source)s, %(jour)s
from t_principal t
where not exists (
  select from professeur_principal s
  where s.uai = t.uai and s.annee = %(annee)s and s.personne_id = t.personne_id and s.division_id = t.division_id
    and (s.fin is null or s.fin > %(jour)s)
)
on conflict (uai, annee, personne_id, division_id, debut) do update set fin = null
returning uai, personne_id, null::text, 'crees';

insert into t_mouvement (objet, geste, nombre)
select 'service', 'attendus', count(*) from t_service union all
select 'professeur_principal', 'attendus', count(*) from t_principal;
