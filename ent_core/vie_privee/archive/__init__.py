"""L'archive intermédiaire : la vie active finie, à part et scellé, lu sur demande ; puis éliminé ou versé."""
