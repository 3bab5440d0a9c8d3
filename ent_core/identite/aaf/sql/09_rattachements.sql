-- Rattachements voulus des élèves et des agents, et personnes dont la liste est entière.

create temp table t_rattachement (
  personne_id uuid not null, uai text not null, profil text not null, fonction text
) on commit drop;

create temp table t_concerne (personne_id uuid not null, volet text not null) on commit drop;

-- Un élève est rattaché là où il est administré, et là où il suit une division ou un groupe.
insert into t_rattachement
select p.id, s.uai, 'National_ELV', null
from t_eleve e join t_personne p using (cle) join t_structure s on s.cle = e.structure
union
select i.personne_id, i.uai, 'National_ELV', null
from t_eleve e join t_personne p using (cle)
join inscription i on i.personne_id = p.id and i.annee = %(annee)s and (i.fin is null or i.fin > %(jour)s)
join t_territoire t on t.uai = i.uai and not t.ferme;

insert into t_rattachement
select p.id, f.uai, f.profil, f.fonction from t_fonction f join t_personne p using (cle);

insert into t_concerne
select p.id, 'eleve' from t_eleve e join t_personne p using (cle) where e.porte_structure
union all
select p.id, 'agent' from t_agent a join t_personne p using (cle) where a.porte_fonctions
union all
select personne_id, volet from t_sortant where volet <> 'responsable';

insert into t_constat
select (array_agg(c.fichier order by c.fichier, c.ligne))[1], (array_agg(c.ligne order by c.fichier, c.ligne))[1],
  c.structure, 'structure_inconnue', 'établissement hors de l''annuaire, cité par ' || count(*) || ' fiche(s)',
  'avertissement'
from (
  select cle, fichier, ligne, structure from t_eleve where structure is not null
  union
  select cle, fichier, ligne, split_part(f, '$', 1) from t_agent, unnest(fonctions) f
) c join t_personne p using (cle)
where not exists (select from t_structure s where s.cle = c.structure)
group by c.structure;
