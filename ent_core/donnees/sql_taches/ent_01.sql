-- Ce que l'ENT ajoute au schéma de Procrastinate : la trace des échecs, la clé unique d'un travail
-- qui attend, et l'ajout d'un travail dans la transaction de l'appelant, seul droit que le rôle de
-- l'application ait sur la file.

create table echecs (
    travail_id bigint primary key references procrastinate_jobs on delete cascade,
    exception varchar(128) not null,
    instant timestamptz not null
);

create function differer(tache varchar, cle text, arguments jsonb, dans interval)
    returns bigint
    language plpgsql
    security definer
as $$
declare
    trouve bigint;
begin
    for essai in 1..10 loop
        begin
            return (
                procrastinate_defer_jobs_v1(
                    array[
                        row('default', tache, 0, null, cle, arguments, now() + dans)
                    ]::procrastinate_job_to_defer_v1[]
                )
            )[1];
        exception when unique_violation then
            if cle is null then
                raise;
            end if;
        end;
        -- Un travail de même clé attend. Le verrou retient l'ouvrier jusqu'à la fin de cette
        -- transaction : il ne peut pas l'exécuter sans voir ce que l'appelant vient d'écrire.
        select id into trouve from procrastinate_jobs
            where queueing_lock = cle and status = 'todo' for share;
        if found then
            return trouve;
        end if;
        -- Il a été pris entre-temps : le nôtre a sa place.
    end loop;
    raise exception 'la file change trop vite pour la clé %', cle using errcode = 'serialization_failure';
end;
$$;

-- Une clé ne retient que les travaux jamais commencés : sinon, un travail qui échoue ne pourrait
-- pas revenir dans la file quand un autre de même clé y attend.
create function liberer_cle()
    returns trigger
    language plpgsql
as $$
begin
    new.queueing_lock := null;
    return new;
end;
$$;

create trigger ent_liberer_cle
    before update of status on procrastinate_jobs
    for each row when (new.status <> 'todo' and new.queueing_lock is not null)
    execute function liberer_cle();
