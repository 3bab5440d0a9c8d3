-- Qui n'a plus aucun lien entre en sursis : plus de connexion, suppression à terme. Qui revient en sort.

-- Un rôle local encore ouvert retient la personne, s'il donne un titre où agir ; un délégué n'en a pas d'autre
-- que son profil.
create temp table t_retenu on commit drop as
select personne_id, min(uai) as uai from role_local
where (fin is null or fin > %(jour)s) and role not in ('delegue_eleves', 'delegue_parents')
group by personne_id;

create temp table t_restant on commit drop as
select personne_id from rattachement where fin is null or fin > %(jour)s
union
select personne_id from t_retenu;

analyze t_restant;

insert into t_constat
select 'livraison entière', null, i.valeur, 'role_local_garde',
  'cette personne n''est plus dans l''annuaire ; un rôle local de l''établissement ' || r.uai
    || ' lui garde sa connexion : le retirer si elle est partie',
  'avertissement'
from t_retenu r
join identifiant i on i.personne_id = r.personne_id and i.source = %(annuaire)s and i.type = 'ENTPersonJointure'
where exists (select from t_avant a where a.personne_id = r.personne_id)
  and not exists (
    select from rattachement a
    where a.personne_id = r.personne_id and (a.fin is null or a.fin > %(jour)s)
  );

create temp table t_entrant_sursis on commit drop as
select distinct a.personne_id from t_avant a
where not exists (select from t_restant r where r.personne_id = a.personne_id);

-- compter personne
update personne p set sursis_depuis = %(jour)s, suppression_le = greatest(%(jour)s + %(sursis)s, %(demain)s)
from t_entrant_sursis s
where p.id = s.personne_id and p.sursis_depuis is null
returning null::text, p.id, null::text, 'sursis';

delete from session_web w using t_entrant_sursis s where w.personne_id = s.personne_id;

-- compter personne
update personne p set sursis_depuis = null, suppression_le = null
where p.suppression_le is not null and p.id in (select personne_id from t_restant)
  and p.id in (
    select id from t_personne union all select personne_id from t_concerne union all select personne_id from t_retenu
  )
returning null::text, p.id, null::text, 'retours';

-- La part des personnes du projet qui partiraient : dans la livraison, puis dans chaque établissement.
create temp table t_retrait on commit drop as
with apres as (
  select distinct uai, personne_id from rattachement
  where source = %(source)s and (fin is null or fin > %(jour)s)
)
select null::text as uai, count(distinct a.personne_id) as avant,
  count(distinct a.personne_id) filter (where p.personne_id is null) as retires
from t_avant a left join (select distinct personne_id from apres) p using (personne_id)
union all
select a.uai, count(*), count(*) filter (where p.personne_id is null)
from t_avant a left join apres p on p.uai = a.uai and p.personne_id = a.personne_id
group by a.uai having count(*) >= %(effectif_minimal)s;
