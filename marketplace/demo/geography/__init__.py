"""Where the demo city lies: its regions, its doors, its sites and the layers of its map.

Pure values made from one OpenStreetMap extract and a seed; no database and no clock. The geometry is real, every name
is invented. Maps made from it must show `ATTRIBUTION`.
"""

from marketplace.demo.geography.city import City, Community, District, Place, Street, build_city
from marketplace.demo.geography.extract import ATTRIBUTION
from marketplace.demo.geography.frontage import Frontage, TooFewFrontages, frontages
from marketplace.demo.geography.layers import write_map_layers
from marketplace.demo.geography.place_names import Name
from marketplace.demo.geography.plane import LonLat, Ring, distance_metres
from marketplace.demo.geography.rings import contains
from marketplace.demo.geography.roads_layer import roads_geojson
from marketplace.demo.geography.sites import Site, Sites, sites

__all__ = [
    "ATTRIBUTION",
    "City",
    "Community",
    "District",
    "Frontage",
    "LonLat",
    "Name",
    "Place",
    "Ring",
    "Site",
    "Sites",
    "Street",
    "TooFewFrontages",
    "build_city",
    "contains",
    "distance_metres",
    "frontages",
    "roads_geojson",
    "sites",
    "write_map_layers",
]
