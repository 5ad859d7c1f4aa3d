"""The scripts that run in a cluster. All values are parameters, so that each script is compiled once."""

from __future__ import annotations

from newsearch.ranking import K1

CODE_OF_FIELD = f"""
double w = params.weight / (1 - params.b + params.b * (doc[params.length].value / params.pivot)) * _score;
double code = Math.max(1, Math.min(255, Math.rint(255 * w / ({K1} + w))));
return Math.max(1, Math.floor(code / params.divisor)) * params.unit;
"""
"""The score of a word in one text field, from the number of its occurrences there."""

CODE_DIVIDED = "return Math.max(1, Math.floor(_score / params.divisor)) * params.unit;"
"""The score of a form that is some edits away from the word that was typed, from its code."""

BOOST = """
double exponent = 0;
if (params.heat > 0 && doc['heat'].size() != 0) {
  double heat = doc['heat'].value;
  exponent += params.heat * (heat - params.heat_pivot) / (heat + params.heat_pivot);
}
if (params.quality > 0 && doc['quality'].size() != 0) {
  double quality = doc['quality'].value;
  exponent += params.quality * (quality - params.quality_pivot) / (quality + params.quality_pivot);
}
return _score * Math.pow(2, exponent);
"""
"""The boost of heat and quality (see ranking). A pivot of 0 comes with a weight of 0."""

_MOMENT = """
double moment(def doc, def params, String name, String day) {
  double seconds = doc[name].value;
  if (params.days.size() != 0 && doc[day].size() != 0) {
    double wanted = doc[day].value;
    int low = 0; int high = params.days.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (params.days[middle] <= wanted) { low = middle; } else { high = middle - 1; }
    }
    seconds += params.shifts[low];
  }
  return seconds;
}
"""

BOOST_WITH_RECENCY = (
    _MOMENT
    + BOOST.replace("return", "double boosted =")
    + """
if (doc['date'].size() == 0) { return boosted; }
double age = Math.max(0, (params.as_of - moment(doc, params, 'date', 'day')) / 86400);
return boosted * Math.pow(2, params.recency * (2 * Math.pow(2, -age / params.half_life) - 1));
"""
)

MOMENT = (
    _MOMENT
    + """
if (doc[params.name].size() == 0) { return params.missing; }
return moment(doc, params, params.name, params.day);
"""
)
"""The moment of an article, in seconds. A day counts as its start in the zone of the search."""
