import json
from pathlib import Path

import jsonschema
import pytest

from partsong.report import json_schemas, make_task

FOLDER = Path(__file__).resolve().parents[2] / "docs/reference/schemas"


@pytest.mark.parametrize("name", json_schemas())
def test_the_published_schema_is_the_code_s(name: str) -> None:
    published = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    assert published == json.loads(json.dumps(json_schemas()[name])), (
        "write docs/reference/schemas/ anew: partsong.report.json_schemas()"
    )


def test_a_task_fits_its_schema_and_a_wrong_one_does_not() -> None:
    document = json.loads(make_task(space="evening").canonical())
    jsonschema.validate(document, json_schemas()["task"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"grid": 17}, json_schemas()["task"])
