-- Inscriptions datées et scolarité de l'année.

create temp table t_citation on commit drop as
select p.id as personne_id, e.cle, e.fichier, e.ligne, 'division' as genre,
  split_part(v, '$', 1) || '$' || split_part(v, '$', 2) as reference, e.porte_entrees, e.porte_sorties
from t_eleve e join t_personne p using (cle) cross join lateral unnest(e.classes) v
union
select p.id, e.cle, e.fichier, e.ligne, 'groupe', split_part(v, '$', 1) || '$' || split_part(v, '$', 2), false,
  e.operation = 'ajout'
from t_eleve e join t_personne p using (cle) cross join lateral unnest(e.groupes) v
union
-- Une modification peut ne porter que des dates : elles valent pour les divisions en cours.
select i.personne_id, e.cle, e.fichier, e.ligne, 'division', c.reference, e.porte_entrees, e.porte_sorties
from t_eleve e join t_personne p using (cle)
join inscription i on i.personne_id = p.id and i.annee = %(annee)s and (i.fin is null or i.fin > %(jour)s)
join t_code_division c on c.id = i.division_id and c.uai = i.uai
where not e.porte_classes and (e.porte_entrees or e.porte_sorties);

create temp table t_date on commit drop as
select cle, reference, max(entree) as entree, max(sortie) as sortie from (
  select cle, split_part(v, '$', 1) || '$' || split_part(v, '$', 2) as reference,
    split_part(v, '$', 3)::date as entree, null::date as sortie
  from t_eleve, unnest(entrees) v
  union all
  select cle, split_part(v, '$', 1) || '$' || split_part(v, '$', 2), null, split_part(v, '$', 3)::date
  from t_eleve, unnest(sorties) v
) dates
group by cle, reference;

analyze t_citation (genre, reference);
analyze t_date (cle);

-- Une sortie d'avant l'entrée est celle d'un passage précédent.
create temp table t_inscription on commit drop as
select c.personne_id, coalesce(d.uai, g.uai) as uai, d.id as division_id, g.id as groupe_id,
  c.porte_entrees, c.porte_sorties, t.entree,
  case when t.entree is null or t.sortie >= t.entree then t.sortie end as sortie
from t_citation c
left join t_code_division d on c.genre = 'division' and d.reference = c.reference
left join t_code_groupe g on c.genre = 'groupe' and g.reference = c.reference
left join t_date t on c.genre = 'division' and t.cle = c.cle and t.reference = c.reference
where d.id is not null or g.id is not null;

analyze t_inscription (personne_id, uai);

insert into t_constat
select (array_agg(c.fichier order by c.fichier, c.ligne))[1], (array_agg(c.ligne order by c.fichier, c.ligne))[1],
  c.reference,
  case when s.uai is null then 'structure_inconnue' when genre = 'division' then 'division_inconnue'
    else 'groupe_inconnu' end,
  c.genre || ' hors de la liste de son établissement, pour ' || count(*) || ' élève(s)', 'avertissement'
from t_citation c left join t_structure s on s.cle = split_part(c.reference, '$', 1)
where not exists (select from t_code_division d where c.genre = 'division' and d.reference = c.reference)
  and not exists (select from t_code_groupe g where c.genre = 'groupe' and g.reference = c.reference)
group by c.reference, c.genre, s.uai;

-- La ligne en cours, ou celle qui dit déjà la même chose.
create temp table t_tenue on commit drop as
select distinct on (d.personne_id, d.uai, d.division_id, d.groupe_id)
  d.*, i.id, i.debut as debut_tenu, i.fin as fin_tenue
from t_inscription d
left join inscription i on i.uai = d.uai and i.annee = %(annee)s and i.personne_id = d.personne_id
  and (i.division_id = d.division_id or i.groupe_id = d.groupe_id)
  and (i.fin is null or i.fin > %(jour)s or i.debut = d.entree or i.fin = d.sortie)
order by d.personne_id, d.uai, d.division_id, d.groupe_id, i.debut desc nulls last;

analyze t_tenue (id);

-- compter inscription
update inscription i set fin = greatest(i.debut, %(jour)s)
from t_eleve e join t_personne p using (cle)
where i.personne_id = p.id and i.annee <= %(annee)s and (i.fin is null or i.fin > %(jour)s)
  and case when i.division_id is null then e.porte_groupes else e.porte_classes end
  and i.uai in (select uai from t_territoire)
  and coalesce(i.division_id, i.groupe_id) not in (select id from t_hors_annuaire)
  and not exists (select from t_tenue t where t.id = i.id)
returning i.uai, i.personne_id, null::text, 'fermes';

-- compter inscription
update inscription i set fin = greatest(i.debut, %(jour)s)
where i.annee <= %(annee)s and (i.fin is null or i.fin > %(jour)s)
  and i.uai in (select uai from t_territoire)
  and (
    i.personne_id in (select personne_id from t_sortant where volet = 'eleve')
      -- Un rattachement d'une autre provenance le garde dans l'école, donc dans ses classes.
      and not exists (
        select from rattachement r
        where r.uai = i.uai and r.personne_id = i.personne_id and r.profil = 'National_ELV'
          and not starts_with(r.source, %(annuaire)s || '/') and (r.fin is null or r.fin > %(jour)s)
      )
    or i.uai in (select uai from t_territoire where du_projet and ferme)
  )
returning i.uai, i.personne_id, null::text, 'fermes';

-- compter inscription
update inscription i set debut = t.debut, fin = t.fin
from (
  select id, uai, coalesce(entree, debut_tenu) as debut, case
    when sortie is not null then greatest(sortie, coalesce(entree, debut_tenu))
    when not porte_sorties and fin_tenue > %(jour)s then fin_tenue
  end as fin
  from t_tenue where id is not null
) t
where i.uai = t.uai and i.annee = %(annee)s and i.id = t.id and (i.debut, i.fin) is distinct from (t.debut, t.fin)
  and (t.fin is null or t.debut <= t.fin)
returning i.uai, i.personne_id, null::text, 'modifies';

-- compter inscription
insert into inscription (uai, annee, personne_id, division_id, groupe_id, debut, fin)
select uai, %(annee)s, personne_id, division_id, groupe_id, coalesce(entree, least(%(jour)s, sortie)), sortie
from t_tenue where id is null
returning uai, personne_id, null::text, 'crees';

insert into t_mouvement (objet, geste, nombre) select 'inscription', 'attendus', count(*) from t_tenue;

create temp table t_scolarite on commit drop as
select u.uai, p.id as personne_id, e.operation = 'ajout' as entiere, e.partiel, e.mef, e.niveau, e.regime, e.statut
from t_eleve e join t_personne p using (cle)
join (
  select s.uai, e.cle from t_eleve e join t_structure s on s.cle = e.structure
  union all
  -- Une modification peut ne pas dire l'école : elle vaut pour celle où il est déjà.
  select min(c.uai), e.cle from t_eleve e join t_personne p using (cle)
  join scolarite c on c.personne_id = p.id and c.annee = %(annee)s
  where not e.porte_structure group by e.cle
) u using (cle)
where e.porte_scolarite;

-- compter scolarite
insert into scolarite as s (uai, annee, personne_id, mef, niveau, regime, statut)
select t.uai, %(annee)s, t.personne_id,
  case when t.entiere then t.mef else r.mef end, case when t.entiere then t.niveau else r.niveau end,
  case when t.entiere then t.regime else r.regime end, case when t.entiere then t.statut else r.statut end
from t_scolarite t
left join scolarite c on not t.entiere and c.uai = t.uai and c.annee = %(annee)s and c.personne_id = t.personne_id
cross join lateral jsonb_populate_record(c, t.partiel) r
on conflict (uai, annee, personne_id) do update
set mef = excluded.mef, niveau = excluded.niveau, regime = excluded.regime, statut = excluded.statut
where (s.mef, s.niveau, s.regime, s.statut)
  is distinct from (excluded.mef, excluded.niveau, excluded.regime, excluded.statut)
returning uai, personne_id, null::text, case when xmax = 0 then 'crees' else 'modifies' end;

insert into t_mouvement (objet, geste, nombre) select 'scolarite', 'attendus', count(*) from t_scolarite;
