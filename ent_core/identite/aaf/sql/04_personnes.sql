-- Personnes et identifiants. Une fiche complète remplace tout, une modification ce qu'elle porte.

create temp table t_personne on commit drop as
select t.categorie, t.fichier, t.ligne, t.operation, t.cle, i.personne_id is null as nouvelle,
  coalesce(i.personne_id, ent_uuid7()) as id, r.nom, r.nom_naissance, r.prenom,
  coalesce(array_remove(r.autres_prenoms, r.prenom), '{}') as autres_prenoms, r.civilite, r.naissance,
  r.courriel, r.telephone, r.mobile, r.adresse, r.code_postal, r.ville, r.pays,
  coalesce(r.adresse_diffusable, false) as adresse_diffusable
from import_tampon t
left join identifiant i on i.source = %(annuaire)s and i.type = 'ENTPersonJointure' and i.valeur = t.cle
left join personne p on p.id = i.personne_id
cross join lateral jsonb_populate_record(case when t.operation = 'modification' then p end, t.attributs) r
where t.lot_id = %(lot)s and t.categorie in ('Eleve', 'PersRelEleve', 'PersEducNat')
  and t.operation <> 'suppression'
  and (i.personne_id is not null or t.operation = 'ajout' and t.cle in (select cle from t_perimetre));

create unique index on t_personne (cle);
analyze t_personne (cle, id, categorie);

insert into t_constat
select t.fichier, t.ligne, t.cle,
  case t.operation when 'ajout' then 'hors_perimetre' else 'fiche_inconnue' end,
  case
    when t.operation <> 'ajout' then 'cette personne n''est pas connue : rien à modifier'
    when t.categorie = 'PersRelEleve' then 'aucun élève de l''annuaire ne cite ce responsable'
    else 'aucun établissement connu : la fiche ne concerne pas cet ENT'
  end,
  'rejet'
from import_tampon t
where t.lot_id = %(lot)s and t.categorie in ('Eleve', 'PersRelEleve', 'PersEducNat')
  and t.operation <> 'suppression'
  and not exists (select from t_personne p where p.cle = t.cle);

-- compter personne
insert into personne (
  id, nom, nom_naissance, prenom, autres_prenoms, civilite, naissance, courriel, telephone, mobile, adresse,
  code_postal, ville, pays, adresse_diffusable
)
select id, nom, nom_naissance, prenom, autres_prenoms, civilite, naissance, courriel, telephone, mobile, adresse,
  code_postal, ville, pays, adresse_diffusable
from t_personne where nouvelle
returning null::text, id, null::text, 'crees';

-- compter personne
update personne p set
  nom = t.nom, nom_naissance = t.nom_naissance, prenom = t.prenom, autres_prenoms = t.autres_prenoms,
  civilite = t.civilite, naissance = t.naissance, courriel = t.courriel, telephone = t.telephone,
  mobile = t.mobile, adresse = t.adresse, code_postal = t.code_postal, ville = t.ville, pays = t.pays,
  adresse_diffusable = t.adresse_diffusable
from t_personne t
where p.id = t.id and not t.nouvelle
  and (p.nom, p.nom_naissance, p.prenom, p.autres_prenoms, p.civilite, p.naissance, p.courriel, p.telephone,
    p.mobile, p.adresse, p.code_postal, p.ville, p.pays, p.adresse_diffusable)
  is distinct from (t.nom, t.nom_naissance, t.prenom, t.autres_prenoms, t.civilite, t.naissance, t.courriel,
    t.telephone, t.mobile, t.adresse, t.code_postal, t.ville, t.pays, t.adresse_diffusable)
returning null::text, p.id, null::text, 'modifies';

insert into t_mouvement (objet, geste, nombre) select 'personne', 'attendus', count(*) from t_personne;

create temp table t_identifiant on commit drop as
select id as personne_id, 'ENTPersonJointure' as type, cle as valeur, fichier, ligne, cle
from t_personne where nouvelle
union all
select p.id, 'INE', e.ine, e.fichier, e.ligne, e.cle from t_eleve e join t_personne p using (cle)
where e.ine is not null
union all
select p.id, 'ELEVE_ID', e.eleve_id, e.fichier, e.ligne, e.cle from t_eleve e join t_personne p using (cle)
where e.eleve_id is not null;

analyze t_identifiant (personne_id);

-- Un INE provisoire cède la place au définitif.
-- compter identifiant
delete from identifiant i using t_identifiant t
where i.personne_id = t.personne_id and i.source = %(annuaire)s and i.type = t.type and i.valeur <> t.valeur
returning null::text, i.personne_id, null::text, 'fermes';

-- compter identifiant
insert into identifiant (source, type, valeur, personne_id)
select %(annuaire)s, type, valeur, personne_id from t_identifiant
on conflict (source, type, valeur) do nothing
returning null::text, personne_id, null::text, 'crees';

insert into t_constat
select t.fichier, t.ligne, t.cle, 'identifiant_partage',
  t.type || ' : déjà porté par une autre personne ; à rapprocher à la main', 'avertissement'
from t_identifiant t
join identifiant i on i.source = %(annuaire)s and i.type = t.type and i.valeur = t.valeur
where i.personne_id <> t.personne_id;

-- Qui sort : les fiches retirées ; dans une livraison complète, les personnes absentes des catégories livrées.
create temp table t_sortant on commit drop as
select i.personne_id,
  case t.categorie when 'Eleve' then 'eleve' when 'PersRelEleve' then 'responsable' else 'agent' end as volet
from import_tampon t
join identifiant i on i.source = %(annuaire)s and i.type = 'ENTPersonJointure' and i.valeur = t.cle
where t.lot_id = %(lot)s and t.operation = 'suppression'
  and t.categorie in ('Eleve', 'PersRelEleve', 'PersEducNat');

insert into t_sortant
select distinct r.personne_id, v.volet
from rattachement r
join (values ('eleve', 'Eleve'), ('responsable', 'PersRelEleve'), ('agent', 'PersEducNat')) v (volet, categorie)
  on v.volet = case r.profil when 'National_ELV' then 'eleve' when 'National_TUT' then 'responsable' else 'agent' end
where %(complet)s and r.source = %(source)s and (r.fin is null or r.fin > %(jour)s)
  and v.categorie = any(%(categories)s)
  and not exists (select from t_personne p where p.id = r.personne_id and p.categorie = v.categorie)
  and not exists (
    select from identifiant i join t_rejetee j on j.cle = i.valeur
    where i.personne_id = r.personne_id and i.source = %(annuaire)s and i.type = 'ENTPersonJointure'
  );

analyze t_sortant;

insert into t_constat
select t.fichier, t.ligne, t.cle, 'fiche_inconnue', 'cette personne n''est pas connue : rien à retirer', 'rejet'
from import_tampon t
where t.lot_id = %(lot)s and t.operation = 'suppression'
  and t.categorie in ('Eleve', 'PersRelEleve', 'PersEducNat')
  and not exists (
    select from identifiant i
    where i.source = %(annuaire)s and i.type = 'ENTPersonJointure' and i.valeur = t.cle
  );
