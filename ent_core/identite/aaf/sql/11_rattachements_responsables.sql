-- Un responsable est rattaché aux établissements de ses enfants : un lien ouvert, un élève rattaché.

truncate t_rattachement, t_concerne;

insert into t_concerne
select distinct personne_id, 'responsable' from (
  select id as personne_id from t_personne where categorie = 'PersRelEleve'
  union all
  select personne_id from t_sortant where volet = 'responsable'
  union all
  select responsable_id from t_lien_clos
  union all
  select r.responsable_id from responsabilite r join t_personne p on p.id = r.eleve_id
  where p.categorie = 'Eleve' and r.source = %(source)s
  union all
  select r.responsable_id from responsabilite r join t_sortant s on s.personne_id = r.eleve_id
  where s.volet = 'eleve' and r.source = %(source)s
) concernes;

analyze t_concerne;

insert into t_rattachement
select distinct r.responsable_id, e.uai, 'National_TUT', null
from t_concerne c
join responsabilite r on r.responsable_id = c.personne_id and r.source = %(source)s
  and (r.fin is null or r.fin > %(jour)s)
join rattachement e on e.personne_id = r.eleve_id and e.profil = 'National_ELV'
  and (e.fin is null or e.fin > %(jour)s)
join t_territoire t on t.uai = e.uai and not t.ferme;
