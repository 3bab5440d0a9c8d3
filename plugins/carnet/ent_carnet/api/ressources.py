"""Les ressources du carnet, sous ``/api/v1/carnet/``."""

from __future__ import annotations

from ent_core.brique import ApiBrique

__all__ = ["ressources"]

ressources = ApiBrique("carnet", "ent_carnet", description="Appel, absences, punitions et sanctions.")
