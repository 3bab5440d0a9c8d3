"""Des établissements en nombre, peuplés par SQL : ce que voit l'accueil d'un parent, à toute échelle."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

__all__ = ["Effectifs", "peupler"]


@dataclass(frozen=True, slots=True)
class Effectifs:
    """Ce que compte un établissement ; chaque division a une séance par heure, de 8 h à 14 h, dix jours.

    Quand il y a autant d'enseignants que de divisions, chacun est à chaque heure dans une autre.
    """

    eleves: int = 200
    parents: int = 150
    enseignants: int = 20
    divisions: int = 8


_ETAPES = (
    """
    insert into etablissement (uai, nom, degre)
    select lpad(n::text, 7, '0') || 'A', 'Collège ' || n, 2
    from generate_series(cast(:debut as int), cast(:fin as int)) n
    """,
    """
    insert into annee_scolaire (uai, annee, debut, fin)
    select lpad(n::text, 7, '0') || 'A', :annee,
      make_date(cast(:annee as int), 9, 1), make_date(cast(:annee as int) + 1, 8, 1)
    from generate_series(cast(:debut as int), cast(:fin as int)) n
    """,
    """
    insert into division (uai, annee, code, libelle, mefs)
    select lpad(n::text, 7, '0') || 'A', :annee, 'D' || d, 'Division ' || d, '{}'
    from generate_series(cast(:debut as int), cast(:fin as int)) n,
      generate_series(1, cast(:divisions as int)) d
    """,
    """
    insert into personne (id, nom, prenom, civilite)
    select md5(n || ':' || genre || ':' || p)::uuid, 'Nom' || p, 'Prénom' || p, 'Mme'
    from generate_series(cast(:debut as int), cast(:fin as int)) n,
      (values ('eleve', :eleves), ('parent', :parents), ('enseignant', :enseignants)) as g(genre, nombre),
      lateral generate_series(1, nombre) p
    """,
    """
    insert into rattachement (uai, personne_id, profil, fonction, source, debut)
    select lpad(n::text, 7, '0') || 'A', md5(n || ':' || genre || ':' || p)::uuid, profil, fonction, 'banc',
      make_date(cast(:annee as int), 9, 1)
    from generate_series(cast(:debut as int), cast(:fin as int)) n,
      (values ('eleve', :eleves, 'National_ELV', null), ('parent', :parents, 'National_TUT', null),
              ('enseignant', :enseignants, 'National_ENS', 'ENS')) as g(genre, nombre, profil, fonction),
      lateral generate_series(1, nombre) p
    """,
    """
    insert into inscription (uai, annee, personne_id, division_id, debut)
    select d.uai, d.annee, md5(n || ':eleve:' || p)::uuid, d.id, make_date(cast(:annee as int), 9, 1)
    from generate_series(cast(:debut as int), cast(:fin as int)) n, generate_series(1, cast(:eleves as int)) p
    join lateral (select * from division where uai = lpad(n::text, 7, '0') || 'A'
                  and annee = :annee and code = 'D' || (1 + p % cast(:divisions as int))) d on true
    """,
    """
    insert into responsabilite
      (eleve_id, responsable_id, lien, legal, financier, contact, paiement, source, debut)
    select md5(n || ':eleve:' || p)::uuid,
      md5(n || ':parent:' || (1 + p % cast(:parents as int)))::uuid, '10', 1, true, true, false, 'banc',
      make_date(cast(:annee as int), 9, 1)
    from generate_series(cast(:debut as int), cast(:fin as int)) n, generate_series(1, cast(:eleves as int)) p
    """,
    """
    insert into matiere (code, libelle) values ('061300', 'Mathématiques'), ('020700', 'Français')
    on conflict do nothing
    """,
    """
    insert into creneau (uai, annee, id, debut, fin, matiere, division_id, salle)
    select d.uai, d.annee, md5(d.uai || d.code || j || h)::uuid,
      make_timestamptz(cast(:annee as int), 11, 16 + j, h, 0, 0, 'Europe/Paris'),
      make_timestamptz(cast(:annee as int), 11, 16 + j, h, 55, 0, 'Europe/Paris'),
      case when h % 2 = 0 then '061300' else '020700' end, d.id, 'S' || h
    from division d, generate_series(0, 9) j, generate_series(8, 13) h
    where d.annee = :annee and d.uai between lpad(cast(cast(:debut as int) as text), 7, '0')
      and lpad(cast(cast(:fin as int) + 1 as text), 7, '0')
    """,
    """
    insert into creneau_enseignant (uai, annee, creneau_id, personne_id)
    select c.uai, c.annee, c.id,
      md5(left(c.uai, 7)::int || ':enseignant:'
        || (1 + (substr(d.code, 2)::int + extract(hour from c.debut)::int) % cast(:enseignants as int)))::uuid
    from creneau c join division d on d.uai = c.uai and d.annee = c.annee and d.id = c.division_id
    where c.annee = :annee and c.uai between lpad(cast(cast(:debut as int) as text), 7, '0')
      and lpad(cast(cast(:fin as int) + 1 as text), 7, '0')
    """,
    """
    insert into compte (personne_id, identifiant, etat)
    select md5(n || ':' || genre || ':' || p)::uuid, genre || '.' || n || '.' || p, 'actif'
    from generate_series(cast(:debut as int), cast(:fin as int)) n,
      (values ('parent', 2), ('enseignant', :enseignants)) as g(genre, nombre),
      lateral generate_series(1, nombre) p
    """,
)


def peupler(session: Session, debut: int, fin: int, jour: date, effectifs: Effectifs = Effectifs()) -> None:
    """Ajoute les établissements de rang ``debut`` à ``fin`` compris ; par défaut, 370 personnes chacun.

    :param session: session de l'académie.
    :param debut: premier rang.
    :param fin: dernier rang.
    :param jour: jour de la mesure, qui donne l'année.
    :param effectifs: de chaque établissement.
    """
    valeurs = {"debut": debut, "fin": fin, "annee": jour.year, **asdict(effectifs)}
    for etape in _ETAPES:
        session.execute(text(etape), valeurs)
