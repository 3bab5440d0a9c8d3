-- Les fiches de personnes, dépliées une fois en tables typées.

create temp table t_eleve on commit drop as
select t.fichier, t.ligne, t.operation, t.cle,
  case when t.operation = 'modification' then t.attributs end as partiel,
  t.operation = 'ajout' or t.attributs ? 'structure' as porte_structure,
  t.operation = 'ajout' or t.attributs ? 'classes' as porte_classes,
  t.operation = 'ajout' or t.attributs ? 'groupes' as porte_groupes,
  t.operation = 'ajout' or t.attributs ? 'entrees' as porte_entrees,
  t.operation = 'ajout' or t.attributs ? 'sorties' as porte_sorties,
  t.operation = 'ajout' or t.attributs ? 'responsables' as porte_responsables,
  t.operation = 'ajout' or t.attributs ?| array['structure', 'mef', 'niveau', 'regime', 'statut']
    as porte_scolarite,
  a.*
from import_tampon t
cross join lateral jsonb_to_record(t.attributs) as a (
  structure text, ine text, eleve_id text, mef text, niveau text, regime text, statut text,
  classes text[], groupes text[], entrees text[], sorties text[], responsables text[]
)
where t.lot_id = %(lot)s and t.categorie = 'Eleve' and t.operation <> 'suppression';

create temp table t_agent on commit drop as
select t.fichier, t.ligne, t.operation, t.cle,
  t.attributs ? 'fonctions' as porte_fonctions,
  t.operation = 'ajout' or t.attributs ? 'services_divisions' as porte_services_divisions,
  t.operation = 'ajout' or t.attributs ? 'services_groupes' as porte_services_groupes,
  t.operation = 'ajout' or t.attributs ? 'principal' as porte_principal,
  a.*
from import_tampon t
cross join lateral jsonb_to_record(t.attributs) as a (
  fonctions text[], services_divisions text[], services_groupes text[], principal text[]
)
where t.lot_id = %(lot)s and t.categorie = 'PersEducNat' and t.operation <> 'suppression';

-- Où chaque élève est cité.
create temp table t_lieu on commit drop as
select e.cle, s.uai from (
  select cle, structure from t_eleve where structure is not null
  union
  select cle, split_part(classe, '$', 1) from t_eleve, unnest(classes) classe
  union
  select cle, split_part(groupe, '$', 1) from t_eleve, unnest(groupes) groupe
) e join t_structure s on s.cle = e.structure;

create temp table t_fonction on commit drop as
select distinct a.cle, s.uai, split_part(f, '$', 2) as profil, nullif(split_part(f, '$', 3), '') as fonction
from t_agent a cross join lateral unnest(a.fonctions) f
join t_structure s on s.cle = split_part(f, '$', 1);

create temp table t_lien on commit drop as
select distinct on (e.cle, split_part(v, '$', 1))
  e.cle as eleve_cle, split_part(v, '$', 1) as responsable_cle, split_part(v, '$', 2) as lien,
  split_part(v, '$', 3) = '1' as financier, split_part(v, '$', 4)::smallint as legal,
  split_part(v, '$', 5) = '1' as contact, split_part(v, '$', 6) = '1' as paiement, e.fichier, e.ligne
from t_eleve e cross join lateral unnest(e.responsables) with ordinality as u (v, rang)
order by e.cle, split_part(v, '$', 1), u.rang;

-- Ce qu'il faut pour entrer : un élève ou un agent dans un établissement connu, un responsable cité.
create temp table t_perimetre on commit drop as
select cle from t_lieu
union
select cle from t_fonction
union
select l.responsable_cle from t_lien l join t_lieu i on i.cle = l.eleve_cle
union
select l.responsable_cle from t_lien l join t_eleve e on e.cle = l.eleve_cle and e.operation = 'modification';

analyze t_eleve (cle);
analyze t_agent (cle);
analyze t_lieu;
analyze t_fonction;
analyze t_lien (eleve_cle, responsable_cle);
analyze t_perimetre;
