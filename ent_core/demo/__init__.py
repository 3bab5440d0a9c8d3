"""L'académie de démonstration : des fichiers nationaux plausibles, aucune personne réelle.

Rien n'est écrit en base : la démonstration importe ces fichiers par l'importeur ordinaire.
"""

from ent_core.demo.delta import ResumeDelta, generer_delta
from ent_core.demo.generation import ResumeGeneration, generer

__all__ = ["ResumeDelta", "ResumeGeneration", "generer", "generer_delta"]
