-- Liens des élèves avec leurs responsables. Les indicateurs sont pris tels quels, chacun pour lui.

create temp table t_cite on commit drop as
select c.cle, coalesce(p.id, i.personne_id) as personne_id
from (select distinct responsable_cle as cle from t_lien) c
left join t_personne p on p.cle = c.cle
-- Absent d'une livraison complète, un responsable connu n'est plus là ; dans un delta, il n'a pas changé.
left join identifiant i on i.source = %(annuaire)s and i.type = 'ENTPersonJointure' and i.valeur = c.cle
  and not exists (select from t_sortant s where s.personne_id = i.personne_id)
  and (
    not %(complet)s or 'PersRelEleve' <> all(%(categories)s)
    or exists (select from t_rejetee j where j.cle = c.cle)
  );

create temp table t_responsabilite on commit drop as
select p.id as eleve_id, c.personne_id as responsable_id, l.lien, l.legal, l.financier, l.contact, l.paiement,
  l.eleve_cle, l.responsable_cle, l.fichier, l.ligne
from t_lien l join t_personne p on p.cle = l.eleve_cle join t_cite c on c.cle = l.responsable_cle;

analyze t_responsabilite (eleve_id, responsable_id);

insert into t_constat
select (array_agg(fichier order by fichier, ligne))[1], (array_agg(ligne order by fichier, ligne))[1],
  responsable_cle, 'responsable_inconnu', 'responsable absent de l''annuaire, cité par ' || count(*) || ' élève(s)',
  'avertissement'
from t_responsabilite where responsable_id is null group by responsable_cle;

insert into t_constat
select fichier, ligne, eleve_cle, 'soi_meme_responsable', 'l''élève est cité comme son propre responsable',
  'avertissement'
from t_responsabilite where responsable_id = eleve_id;

delete from t_responsabilite where responsable_id is null or responsable_id = eleve_id;

-- Un lien qui revient rouvre la même ligne : une restriction posée par un acte de justice peut y tenir.
create temp table t_lien_tenu on commit drop as
select distinct on (t.eleve_id, t.responsable_id) r.id, t.*
from t_responsabilite t
join responsabilite r on r.eleve_id = t.eleve_id and r.responsable_id = t.responsable_id
order by t.eleve_id, t.responsable_id, r.debut desc;

analyze t_lien_tenu (id);

-- compter responsabilite
update responsabilite r set lien = t.lien, legal = t.legal, financier = t.financier, contact = t.contact,
  paiement = t.paiement, source = %(source)s, fin = null
from t_lien_tenu t
where r.id = t.id
  and (r.lien, r.legal, r.financier, r.contact, r.paiement, r.source, r.fin)
  is distinct from (t.lien, t.legal, t.financier, t.contact, t.paiement, %(source)s, null::date)
returning null::text, r.eleve_id, null::text, 'modifies';

-- compter responsabilite
insert into responsabilite (eleve_id, responsable_id, lien, legal, financier, contact, paiement, source, debut)
select eleve_id, responsable_id, lien, legal, financier, contact, paiement, %(source)s, %(jour)s
from t_responsabilite t
where not exists (
  select from t_lien_tenu l where l.eleve_id = t.eleve_id and l.responsable_id = t.responsable_id
)
returning null::text, eleve_id, null::text, 'crees';

create temp table t_lien_clos on commit drop as
select r.id, r.responsable_id
from responsabilite r join t_personne p on p.id = r.eleve_id join t_eleve e using (cle)
where e.porte_responsables and r.source = %(source)s and (r.fin is null or r.fin > %(jour)s)
  and not exists (
    select from t_responsabilite t where t.eleve_id = r.eleve_id and t.responsable_id = r.responsable_id
  )
union
select r.id, r.responsable_id from responsabilite r join t_sortant s on s.personne_id = r.eleve_id
where s.volet = 'eleve' and r.source = %(source)s and (r.fin is null or r.fin > %(jour)s)
union
select r.id, r.responsable_id from responsabilite r join t_sortant s on s.personne_id = r.responsable_id
where s.volet = 'responsable' and r.source = %(source)s and (r.fin is null or r.fin > %(jour)s);

-- compter responsabilite
update responsabilite r set fin = greatest(r.debut, %(jour)s)
from t_lien_clos c
where r.id = c.id
returning null::text, r.eleve_id, null::text, 'fermes';

insert into t_mouvement (objet, geste, nombre) select 'responsabilite', 'attendus', count(*) from t_responsabilite;
