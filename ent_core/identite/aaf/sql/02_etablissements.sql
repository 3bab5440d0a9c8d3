-- Établissements, année scolaire, nomenclatures.

create temp table t_connu on commit drop as
select distinct on (cle_source) cle_source as cle, uai from etablissement
where cle_source is not null and (source = %(source)s or starts_with(source, %(annuaire)s || '/'))
order by cle_source, (source = %(source)s) desc, ferme_le desc nulls first, uai;

create temp table t_etablissement on commit drop as
select distinct on (uai) * from (
  select t.fichier, t.ligne, t.cle, coalesce(r.uai, c.uai) as uai, r.nom, r.nature, r.nature_libelle, r.contrat,
    r.siret, r.academie, r.adresse, r.code_postal, r.ville, r.telephone, r.courriel,
    case
      when r.nature_libelle = 'SANS OBJET' or r.nature ~ '^[789]' then 0
      when r.nature ~ '^1' then 1
      when r.nature ~ '^3' then 2
      else %(degre)s
    end as degre,
    t.operation = 'ajout' or t.attributs ? 'divisions' as porte_divisions,
    t.operation = 'ajout' or t.attributs ? 'groupes' as porte_groupes,
    a.divisions, a.groupes
  from import_tampon t
  left join t_connu c on c.cle = t.cle
  left join etablissement e on e.uai = c.uai
  cross join lateral jsonb_populate_record(case when t.operation = 'modification' then e end, t.attributs) r
  cross join lateral jsonb_to_record(t.attributs) as a (divisions text[], groupes text[])
  where t.lot_id = %(lot)s and t.categorie = 'EtabEducNat' and t.operation <> 'suppression'
    and (t.operation = 'ajout' or c.uai is not null)
) fiches
order by uai, fichier, ligne;

insert into t_constat
select t.fichier, t.ligne, t.cle,
  case when t.operation = 'ajout' then 'cle_repetee' else 'fiche_inconnue' end,
  case when t.operation = 'ajout' then 'un autre établissement de la livraison porte le même code UAI'
    else 'cet établissement n''est pas connu : rien à modifier ni à retirer' end,
  'rejet'
from import_tampon t
where t.lot_id = %(lot)s and t.categorie = 'EtabEducNat'
  and not exists (select from t_etablissement e where e.cle = t.cle)
  and not (t.operation = 'suppression' and exists (select from t_connu c where c.cle = t.cle));

-- Une jointure peut passer à un autre établissement.
update etablissement e set cle_source = null
from t_etablissement t
where e.source = %(source)s and e.cle_source = t.cle and e.uai <> t.uai;

-- Un établissement que deux projets de l'académie décrivent garde le premier pour source.
-- compter etablissement
insert into etablissement as e (
  uai, source, cle_source, nom, nature, nature_libelle, degre, contrat, siret, academie, adresse, code_postal,
  ville, telephone, courriel
)
select uai, %(source)s, cle, nom, nature, nature_libelle, degre, contrat, siret, academie, adresse, code_postal,
  ville, telephone, courriel
from t_etablissement
on conflict (uai) do update set
  source = case when starts_with(e.source, %(annuaire)s || '/') then e.source else excluded.source end,
  cle_source = excluded.cle_source, nom = excluded.nom, nature = excluded.nature,
  nature_libelle = excluded.nature_libelle, degre = excluded.degre, contrat = excluded.contrat,
  siret = excluded.siret, academie = excluded.academie, adresse = excluded.adresse,
  code_postal = excluded.code_postal, ville = excluded.ville, telephone = excluded.telephone,
  courriel = excluded.courriel, ferme_le = null
where (e.cle_source, e.nom, e.nature, e.nature_libelle, e.degre, e.contrat, e.siret, e.academie, e.adresse,
    e.code_postal, e.ville, e.telephone, e.courriel, e.ferme_le)
  is distinct from (excluded.cle_source, excluded.nom, excluded.nature, excluded.nature_libelle, excluded.degre,
    excluded.contrat, excluded.siret, excluded.academie, excluded.adresse, excluded.code_postal, excluded.ville,
    excluded.telephone, excluded.courriel, null::date)
returning uai, null::uuid, cle_source, case when xmax = 0 then 'crees' else 'modifies' end;

-- compter etablissement
update etablissement e set ferme_le = %(jour)s
where e.source = %(source)s and e.ferme_le is null and (
  exists (
    select from import_tampon t where t.lot_id = %(lot)s and t.categorie = 'EtabEducNat'
      and t.operation = 'suppression' and t.cle = e.cle_source
  )
  or %(complet)s and 'EtabEducNat' = any(%(categories)s)
    and not exists (select from t_etablissement t where t.uai = e.uai)
    and not exists (select from t_rejetee r where r.cle = e.cle_source)
)
returning uai, null::uuid, cle_source, 'fermes';

insert into t_mouvement (objet, geste, nombre) select 'etablissement', 'attendus', count(*) from t_etablissement;

-- Toutes les structures de l'annuaire, quel qu'en soit le projet : c'est à elles que les fiches renvoient.
create temp table t_structure on commit drop as
select distinct on (cle_source) cle_source as cle, uai from etablissement
where cle_source is not null and ferme_le is null
  and (source = %(source)s or starts_with(source, %(annuaire)s || '/'))
order by cle_source, (source = %(source)s) desc, uai;

-- Tous les établissements de l'annuaire, fermés compris : ceux où l'import peut clore des liens.
create temp table t_territoire on commit drop as
select uai, source = %(source)s as du_projet, ferme_le is not null as ferme from etablissement
where source = %(source)s or starts_with(source, %(annuaire)s || '/');

-- compter annee_scolaire
insert into annee_scolaire (uai, annee, debut, fin)
select uai, %(annee)s, make_date(%(annee)s, 9, 1), make_date(%(annee)s + 1, 9, 1) from t_territoire
where du_projet and not ferme
on conflict do nothing
returning uai, null::uuid, null::text, 'crees';

-- compter matiere
insert into matiere as m (code, libelle, rattachement)
select t.cle, r.libelle, r.rattachement
from import_tampon t
left join matiere c on c.code = t.cle
cross join lateral jsonb_populate_record(case when t.operation = 'modification' then c end, t.attributs) r
where t.lot_id = %(lot)s and t.categorie = 'MatEducNat' and t.operation <> 'suppression' and r.libelle is not null
on conflict (code) do update set libelle = excluded.libelle, rattachement = excluded.rattachement
where (m.libelle, m.rattachement) is distinct from (excluded.libelle, excluded.rattachement)
returning null::text, null::uuid, code, case when xmax = 0 then 'crees' else 'modifies' end;

-- compter mef
insert into mef as m (code, libelle, rattachement, mefstat)
select t.cle, r.libelle, r.rattachement, r.mefstat
from import_tampon t
left join mef c on c.code = t.cle
cross join lateral jsonb_populate_record(case when t.operation = 'modification' then c end, t.attributs) r
where t.lot_id = %(lot)s and t.categorie = 'MefEducNat' and t.operation <> 'suppression' and r.libelle is not null
on conflict (code) do update
set libelle = excluded.libelle, rattachement = excluded.rattachement, mefstat = excluded.mefstat
where (m.libelle, m.rattachement, m.mefstat)
  is distinct from (excluded.libelle, excluded.rattachement, excluded.mefstat)
returning null::text, null::uuid, code, case when xmax = 0 then 'crees' else 'modifies' end;

insert into t_mouvement (objet, geste, nombre)
select case categorie when 'MefEducNat' then 'mef' else 'matiere' end, 'attendus', count(*)
from import_tampon
where lot_id = %(lot)s and categorie in ('MefEducNat', 'MatEducNat') and operation <> 'suppression'
group by categorie;
