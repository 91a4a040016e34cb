"""A plan as one self-contained picture: the map of the routes above, a timeline per shift below.

Kinds of time differ by texture, height and outline as well as by colour, so that print and colour-blind
eyes tell them apart: service is solid and tall, travel a thin line, waiting dotted, a break hatched.
"""

from dispatch.picture.drawing import svg_picture
from dispatch.picture.page import html_page

__all__ = ["html_page", "svg_picture"]
