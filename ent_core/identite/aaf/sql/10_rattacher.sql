-- Ouvre les rattachements voulus, clôt les autres ; sert aux élèves et agents, puis aux responsables.

analyze t_rattachement;
analyze t_concerne;

-- compter rattachement
update rattachement r set fin = greatest(r.debut, %(jour)s)
where r.source = %(source)s and (r.fin is null or r.fin > %(jour)s)
  and (
    (r.personne_id, case r.profil when 'National_ELV' then 'eleve' when 'National_TUT' then 'responsable'
      else 'agent' end) in (select personne_id, volet from t_concerne)
    or r.uai in (select uai from t_territoire where du_projet and ferme)
  )
  and not exists (
    select from t_rattachement t
    where t.personne_id = r.personne_id and t.uai = r.uai and t.profil = r.profil
      and t.fonction is not distinct from r.fonction
  )
returning r.uai, r.personne_id, null::text, 'fermes';

-- compter rattachement
insert into rattachement (uai, personne_id, profil, fonction, source, debut)
select t.uai, t.personne_id, t.profil, t.fonction, %(source)s, %(jour)s
from t_rattachement t
where not exists (
  select from rattachement r
  where r.uai = t.uai and r.personne_id = t.personne_id and r.profil = t.profil
    and r.fonction is not distinct from t.fonction and (r.fin is null or r.fin > %(jour)s)
)
-- Dans l'ordre des index : au hasard, chaque ligne en reprend une autre page.
order by t.uai, t.personne_id
on conflict (uai, personne_id, profil, fonction, debut) do update set fin = null
returning uai, personne_id, null::text, 'crees';

insert into t_mouvement (objet, geste, nombre) select 'rattachement', 'attendus', count(*) from t_rattachement;
