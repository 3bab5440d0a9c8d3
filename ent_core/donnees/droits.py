"""Droits et politiques de la base : compilés des déclarations, posés par la migration, relus au démarrage.

Une seule valeur, ``Attendu``, donne les ordres à poser et ce que le catalogue doit montrer : la base ne peut
pas s'écarter des déclarations sans que le démarrage le dise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, text

from ent_core.contrat.donnees import Traitement
from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.audiences import AUDIENCE, Droit, Droits, audience, roles_d_audience, tous_les_droits
from ent_core.donnees.base import declaration
from ent_core.donnees.declencheurs_sql import (
    COMPTEURS,
    SOUS_ACADEMIE,
    TRACES,
    declencheurs,
    fonction_de_trace,
)
from ent_core.donnees.masques import condition_de_masque, masquage
from ent_core.donnees.politiques import Politique
from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION, connecter

__all__ = [
    "ROLE_PROPRIETAIRE",
    "Attendu",
    "appliquer_droits",
    "attendus",
    "comparer_droits",
    "oter_declencheurs",
]

ROLE_PROPRIETAIRE = "ent_proprietaire"

_MOI = "personne_id = nullif(current_setting('ent.personne', true), '')::uuid"
_LETTRES = {"r": "select", "a": "insert", "w": "update", "d": "delete", "D": "truncate"}
_REMEDE = "lancer « ent base migrer », qui recompile les droits"
ROLES = frozenset({"public", ROLE_APPLICATION, ROLE_ACADEMIE, *roles_d_audience()})
"""Rôles dont la migration tient les droits."""

_AUCUN: Mapping[str, frozenset[str]] = {}
_ACTES = {"all": "*", "select": "r", "insert": "a"}


@dataclass(frozen=True, slots=True)
class Attendu:
    """Ce que le catalogue doit montrer d'une table.

    :param table: droits sur la table entière : rôle → lettres.
    :param colonnes: droits par colonne : colonne → rôle → lettres.
    """

    table: Mapping[str, frozenset[str]]
    colonnes: Mapping[str, Mapping[str, frozenset[str]]]
    politiques: Mapping[str, Politique]
    declencheurs: Mapping[str, str]


def attendus(
    tables: Sequence[tuple[str, Table]], traitements: Mapping[str, Traitement]
) -> dict[str, Attendu]:
    """Ce que la base doit montrer, par nom de table.

    :param tables: brique et table.
    :param traitements: traitements déclarés, par clé.
    """
    return _attendus(tables, tous_les_droits(tables, traitements), traitements)


def _attendus(
    tables: Sequence[tuple[str, Table]], droits: Mapping[str, Droits], traitements: Mapping[str, Traitement]
) -> dict[str, Attendu]:
    return {
        table.name: _attendu(table, droits[table.name], traitements.get(droits[table.name].traitement or ""))
        for _, table in tables
    }


def _attendu(table: Table, droits: Droits, traitement: Traitement | None) -> Attendu:
    declaree = declaration(table)
    cloisonnee = bool(declaree and declaree.cloisonnement and declaree.cloisonnement.par_uai)
    condition = (
        "uai = current_setting('ent.uai', true)"
        if cloisonnee
        else "(select current_setting('ent.finalite', true)) <> ''"
    )
    politiques = {
        "ent_contexte": Politique((ROLE_APPLICATION, AUDIENCE), "all", condition),
        "ent_academie": Politique((ROLE_ACADEMIE,), "all", "true"),
    }
    entiers: dict[str, set[str]] = {ROLE_APPLICATION: set("arwd"), ROLE_ACADEMIE: set("arwdD")}
    if table.name in TRACES | COMPTEURS:
        politiques = {
            "ent_academie": politiques["ent_academie"],
            "ent_ecriture": Politique((ROLE_PROPRIETAIRE,), "all", "true"),
        }
        # D'une trace, l'académie n'efface rien non plus, sinon par « ent_eliminer » et « ent_oublier ».
        entiers = {ROLE_ACADEMIE: set("rd") if table.name in COMPTEURS else set("r")}
    elif table.name in SOUS_ACADEMIE:
        # Vider la table d'un trait laisserait les contenus et les clés : chaque ligne part une à une.
        politiques = {"ent_academie": politiques["ent_academie"]}
        entiers = {ROLE_ACADEMIE: set("arwd")}
    elif declaree and declaree.ajout_seul:
        entiers = {ROLE_APPLICATION: set("ar"), ROLE_ACADEMIE: set("ar")}
        # Seule « ent_eliminer » y efface, au nom du propriétaire, et seulement contre une preuve.
        politiques["ent_conservation"] = Politique((ROLE_PROPRIETAIRE,), "all", "true")
    elif cloisonnee and "personne_id" in table.c:
        politiques["ent_moi"] = Politique((ROLE_APPLICATION,), "select", _MOI)
    comment = masquage(table, declaree, traitement.conservation) if declaree and traitement else None
    if declaree and comment and "ent_contexte" in politiques:
        politiques["ent_masque"] = Politique(
            (ROLE_APPLICATION, AUDIENCE),
            "select",
            condition_de_masque(table, declaree, comment),
            restrictive=True,
        )
    par_role = {audience(""): droits.tous, **{audience(role): droits.de(role) for role in droits.roles}}
    for role, droit in par_role.items():
        if droit.supprimer:
            entiers.setdefault(role, set()).add("d")
    return Attendu(
        {role: frozenset(lettres) for role, lettres in entiers.items()},
        dict(_colonnes(table, par_role)),
        politiques,
        dict(declencheurs(table, droits)),
    )


def _colonnes(
    table: Table, par_role: Mapping[str, Droit]
) -> Iterator[tuple[str, Mapping[str, frozenset[str]]]]:
    """Droits de chaque colonne ; deux colonnes de mêmes droits partagent une même valeur."""
    groupes: dict[Droit, list[str]] = {}
    for role, droit in par_role.items():
        groupes.setdefault(droit, []).append(role)
    connues: dict[tuple[str, ...], Mapping[str, frozenset[str]]] = {}
    for colonne in table.columns.keys():
        signature = tuple(
            "r" * (colonne in d.lire) + "a" * (colonne in d.creer) + "w" * (colonne in d.modifier)
            for d in groupes
        )
        if signature not in connues:
            connues[signature] = {
                role: frozenset(lettres)
                for lettres, roles in zip(signature, groupes.values(), strict=True)
                for role in roles
                if lettres
            }
        if connues[signature]:
            yield colonne, connues[signature]


# --- Poser -----------------------------------------------------------------------------------


def appliquer_droits(
    connexion: Connection, tables: Sequence[tuple[str, Table]], traitements: Mapping[str, Traitement]
) -> None:
    """Pose droits, politiques et déclencheurs des tables déclarées ; peut être rejoué.

    :param connexion: connexion qui agit comme propriétaire.
    :param tables: brique et table, présentes dans la base.
    :param traitements: traitements déclarés, par clé.
    """
    droits = tous_les_droits(tables, traitements)
    tous = _attendus(tables, droits, traitements)
    ordres = [f"grant usage on schema public to {ROLE_APPLICATION}, {ROLE_ACADEMIE}, {AUDIENCE}"]
    for _, table in tables:
        ordres += filter(None, (fonction_de_trace(table, droits[table.name]),))
        ordres += _ordres(connexion, table.name, tous[table.name])
    _ordonner(connexion, ordres)
    _signer(connexion, tous)


def _ordonner(connexion: Connection, ordres: Sequence[str]) -> None:
    """Exécute des ordres d'un seul envoi : un millier d'allers-retours coûterait plus qu'eux."""
    if ordres:
        # Sans paramètre : PostgreSQL accepte alors plusieurs ordres à la fois, et « % » est lui-même.
        connexion.exec_driver_sql(";\n".join(ordres), execution_options={"no_parameters": True})


def _ordres(connexion: Connection, nom: str, attendu: Attendu) -> Iterator[str]:
    table = f'"{nom}"'
    yield f"alter table {table} enable row level security"
    yield f"alter table {table} force row level security"
    yield f"revoke all on {table} from {', '.join(sorted(ROLES))}"
    for role, lettres in attendu.table.items():
        yield f"grant {', '.join(_LETTRES[lettre] for lettre in sorted(lettres))} on {table} to {role}"
    for (lettre, colonnes), pour in _groupes(attendu).items():
        noms = ", ".join(f'"{colonne}"' for colonne in colonnes)
        yield f"grant {_LETTRES[lettre]} ({noms}) on {table} to {', '.join(pour)}"
    anciennes = connexion.execute(
        text("select polname from pg_policy where polrelid = cast(:t as regclass)"), {"t": table}
    ).scalars()
    yield from (f'drop policy "{politique}" on {table}' for politique in anciennes)
    for politique, attendue in attendu.politiques.items():
        yield attendue.ordre(nom, politique)
    for declencheur, ordre in attendu.declencheurs.items():
        yield f"drop trigger if exists {declencheur} on {table}"
        yield ordre


def _groupes(attendu: Attendu) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """Les rôles qui reçoivent les mêmes colonnes, ensemble : un ordre au lieu de vingt."""
    par_role: dict[tuple[str, str], list[str]] = {}
    for colonne, roles in sorted(attendu.colonnes.items()):
        for role, lettres in roles.items():
            for lettre in lettres:
                par_role.setdefault((role, lettre), []).append(colonne)
    groupes: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (role, lettre), colonnes in sorted(par_role.items()):
        groupes.setdefault((lettre, tuple(colonnes)), []).append(role)
    return groupes


def oter_declencheurs(connexion: Connection, tables: Collection[str]) -> None:
    """Retire les déclencheurs de trace avant que le schéma ne change ; ``appliquer_droits`` les repose.

    Ceux d'une brique qui n'est plus chargée restent : ses tables aussi, et personne ne les reposerait.

    :param connexion: connexion qui agit comme propriétaire.
    :param tables: noms des tables déclarées.
    """
    for table, nom in connexion.execute(_DECLENCHEURS).all():
        if table in tables and nom.startswith("ent_trace_"):
            connexion.exec_driver_sql(f'drop trigger "{nom}" on "{table}"')


_POLITIQUES = text(
    "select c.relname, p.polname, p.polcmd::text, md5(concat_ws('|', pg_get_expr(p.polqual, p.polrelid),"
    " pg_get_expr(p.polwithcheck, p.polrelid))), p.polpermissive,"
    " array(select r.rolname::text from pg_roles r where r.oid = any(p.polroles) order by 1),"
    " obj_description(p.oid, 'pg_policy')"
    " from pg_policy p join pg_class c on c.oid = p.polrelid"
    " join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
)


def _signer(connexion: Connection, tous: Mapping[str, Attendu]) -> None:
    """Écrit sur chaque politique ce que la déclaration en disait, et ce que la base en a compris."""
    _ordonner(
        connexion,
        [
            f"comment on policy {nom} on \"{table}\" is '{tous[table].politiques[nom].empreinte}:{empreinte}'"
            for table, nom, _acte, empreinte, *_ in connexion.execute(_POLITIQUES).all()
            if table in tous
        ],
    )


# --- Relire ----------------------------------------------------------------------------------

_DROITS = text(
    "select c.relacl::text, array_agg(c.relname::text), array_agg(''::text) from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and c.relkind in ('r', 'p') group by c.relacl"
    " union all select a.attacl::text, array_agg(c.relname::text), array_agg(a.attname::text)"
    " from pg_attribute a"
    " join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped"
    " and a.attacl is not null group by a.attacl"
)
"""Chaque liste de droits, et les tables et colonnes qui la portent : peu de listes, beaucoup de colonnes."""

_DECLENCHEURS = text(
    "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
    " join pg_namespace n on n.oid = c.relnamespace"
    " where n.nspname = 'public' and not t.tgisinternal and t.tgenabled in ('O', 'A')"
)
_HERITAGES = text(
    "select r.rolname, m.rolname from pg_auth_members a join pg_roles r on r.oid = a.roleid"
    " join pg_roles m on m.oid = a.member"
    " where m.rolname = any(cast(:audiences as text[])) and r.rolname <> :commun"
)


def comparer_droits(
    moteur: Engine, tables: Sequence[tuple[str, Table]], traitements: Mapping[str, Traitement]
) -> list[Anomalie]:
    """Compare le catalogue aux déclarations : un droit manquant ou de trop, une politique changée.

    :param moteur: moteur de l'application.
    :param tables: brique et table, présentes dans la base.
    :param traitements: traitements déclarés, par clé.
    """
    tous = attendus(tables, traitements)
    with connecter(moteur) as connexion:
        vivants: dict[str, dict[str, Mapping[str, frozenset[str]]]] = {}
        for liste, noms, colonnes in connexion.execute(_DROITS):
            lus = _lire_acl(liste)
            for nom, colonne in zip(noms, colonnes, strict=True):
                vivants.setdefault(nom, {})[colonne] = lus
        politiques = {(ligne[0], ligne[1]): ligne[2:] for ligne in connexion.execute(_POLITIQUES)}
        armes = {(table, nom) for table, nom in connexion.execute(_DECLENCHEURS)}
        herites = connexion.execute(_HERITAGES, {"audiences": roles_d_audience(), "commun": AUDIENCE}).all()
    vivantes: dict[str, set[str]] = {}
    for table, nom in politiques:
        vivantes.setdefault(table, set()).add(nom)
    egaux: set[tuple[int, int]] = set()
    anomalies: list[Anomalie] = []
    for nom, attendu in sorted(tous.items()):
        siens = vivants.get(nom, {})
        for colonne in sorted({"", *attendu.colonnes, *siens}):
            voulus = attendu.colonnes.get(colonne, _AUCUN) if colonne else attendu.table
            poses = siens.get(colonne, _AUCUN)
            if (id(voulus), id(poses)) in egaux:
                continue
            if voulus == poses:
                egaux.add((id(voulus), id(poses)))
            else:
                anomalies += _ecarts(nom, colonne, voulus, poses)
        anomalies += _politiques(nom, attendu, vivantes.get(nom, set()), politiques)
        anomalies += [
            Anomalie("BASE-033", f"table {nom}, déclencheur {d}", "il manque, ou il est arrêté", _REMEDE)
            for d in attendu.declencheurs
            if (nom, d) not in armes
        ]
    anomalies += [
        Anomalie(
            "BASE-034",
            f"rôle {membre}",
            f"il hérite du rôle {role}, que nulle déclaration ne lui donne",
            f"retirer cet héritage : revoke {role} from {membre}",
        )
        for role, membre in herites
    ]
    return anomalies


def _lire_acl(liste: str | None) -> dict[str, frozenset[str]]:
    """« {ent_application=arwd/ent_proprietaire,…} » : rôle → lettres, sans le propriétaire."""
    lus: dict[str, frozenset[str]] = {}
    for element in (liste or "{}").strip("{}").split(","):
        role, _, reste = element.strip('"').partition("=")
        lettres, _, donneur = reste.partition("/")
        if lettres and role != donneur:
            lus[role or "public"] = frozenset(lettres)
    return lus


def _ecarts(
    table: str, colonne: str, voulus: Mapping[str, frozenset[str]], vivants: Mapping[str, frozenset[str]]
) -> Iterator[Anomalie]:
    lieu = f"table {table}, colonne {colonne}" if colonne else f"table {table}"
    for role in sorted({*voulus, *vivants}):
        attendu, vivant = voulus.get(role, frozenset()), vivants.get(role, frozenset())
        if manquants := attendu - vivant:
            yield Anomalie(
                "BASE-030", f"{lieu}, rôle {role}", f"droit manquant : {_dire(manquants)}", _REMEDE
            )
        de_trop = vivant - attendu
        if de_trop and role in ROLES:
            yield Anomalie(
                "BASE-031",
                f"{lieu}, rôle {role}",
                f"droit que nulle déclaration ne donne : {_dire(de_trop)}",
                _REMEDE,
            )
        elif de_trop:
            yield Anomalie(
                "BASE-031",
                f"{lieu}, rôle {role}",
                f"droit que nulle déclaration ne donne : {_dire(de_trop)}",
                f"retirer ce droit : revoke all on {table} from {role}",
            )


def _dire(lettres: Iterable[str]) -> str:
    return ", ".join(sorted(_LETTRES.get(lettre, f"« {lettre} »") for lettre in lettres))


def _politiques(
    table: str, attendu: Attendu, presentes: set[str], vivantes: Mapping[tuple[str, str], Sequence[object]]
) -> Iterator[Anomalie]:
    for nom in sorted(presentes | set(attendu.politiques)):
        lieu, voulue = f"table {table}, politique {nom}", attendu.politiques.get(nom)
        if voulue is None:
            yield Anomalie("BASE-032", lieu, "politique que nulle déclaration ne demande", _REMEDE)
        elif nom not in presentes:
            yield Anomalie("BASE-032", lieu, "politique manquante", _REMEDE)
        else:
            acte, empreinte, permissive, roles, signature = vivantes[table, nom]
            if (acte, permissive, roles, signature) != (
                _ACTES[voulue.acte],
                not voulue.restrictive,
                sorted(voulue.roles),
                f"{voulue.empreinte}:{empreinte}",
            ):
                yield Anomalie("BASE-032", lieu, "politique changée depuis sa compilation", _REMEDE)
