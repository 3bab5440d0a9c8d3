-- Tables de travail de la transaction, état d'avant, et fiches répétées.

create temp table t_mouvement (
  objet text not null, geste text not null, uai text, nombre bigint not null, personnes uuid[], cles text[]
) on commit drop;

create temp table t_constat (
  fichier text, ligne integer, cle text, code text, motif text, gravite text
) on commit drop;

create temp table t_avant on commit drop as
select distinct uai, personne_id from rattachement
where source = %(source)s and (fin is null or fin > %(jour)s);

-- Une clé de personne est unique dans l'académie, toutes catégories ensemble ; les autres, dans la leur.
create temp table t_repetee on commit drop as
select case when categorie in ('Eleve', 'PersRelEleve', 'PersEducNat') then 'personne' else categorie end as famille,
  cle
from import_tampon where lot_id = %(lot)s
group by 1, 2 having count(*) > 1;

-- La dernière fiche écrite est gardée ; entre deux catégories, l'élève, puis le responsable.
with rangees as (
  select t.categorie, t.fichier, t.ligne,
    row_number() over (
      partition by r.famille, r.cle
      order by array_position(array['Eleve', 'PersRelEleve', 'PersEducNat'], t.categorie::text),
        t.fichier desc, t.ligne desc
    ) as rang
  from import_tampon t join t_repetee r on r.cle = t.cle and r.famille = case
    when t.categorie in ('Eleve', 'PersRelEleve', 'PersEducNat') then 'personne' else t.categorie end
  where t.lot_id = %(lot)s
), otees as (
  delete from import_tampon t using rangees r
  where t.lot_id = %(lot)s and t.categorie = r.categorie and t.fichier = r.fichier and t.ligne = r.ligne
    and r.rang > 1
  returning t.fichier, t.ligne, t.cle
)
insert into t_constat
select fichier, ligne, cle, 'cle_repetee', 'cette clé paraît plusieurs fois ; une seule fiche est gardée', 'rejet'
from otees;

-- Une fiche écartée à la lecture n'est pas une absence : sa personne ne sort pas de l'annuaire.
create temp table t_rejetee on commit drop as
select distinct cle from import_rejet
where lot_id = %(lot)s and gravite = 'rejet' and cle is not null;
