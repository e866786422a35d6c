"""What the simulated DigitalOcean sells hangs together."""

from clouddesk.sandbox.digitalocean_catalog import IMAGES, REGIONS, SIZES, find_image


def test_every_size_has_a_price_and_is_sold_in_an_open_region() -> None:
    for size in SIZES.values():
        assert 0 < size["price_hourly"] < size["price_monthly"]
        assert size["regions"]
        assert all(REGIONS[slug]["available"] for slug in size["regions"])
        assert min(size["vcpus"], size["memory"], size["disk"], size["transfer"]) > 0


def test_price_of_an_hour_follows_from_that_of_a_month() -> None:
    for size in SIZES.values():
        hours = 744 if "gpu_info" in size else 672
        assert abs(size["price_hourly"] - size["price_monthly"] / hours) < 0.00001


def test_name_of_a_size_says_its_memory_and_cpus() -> None:
    for slug, size in SIZES.items():
        for part in slug.split("-"):
            if part.endswith("vcpu"):
                assert size["vcpus"] == int(part.removesuffix("vcpu"))
    assert SIZES["c-32"]["memory"] == 64 * 1024
    assert SIZES["s-1vcpu-512mb-10gb"]["memory"] == 512


def test_regions_list_the_sizes_that_list_them() -> None:
    assert "s-1vcpu-1gb" in REGIONS["fra1"]["sizes"]
    assert REGIONS["sfo1"]["sizes"] == []


def test_image_is_found_by_slug_and_by_number() -> None:
    image = IMAGES["debian-12-x64"]
    assert find_image("debian-12-x64") == find_image(image["id"]) == find_image(str(image["id"])) == image
    assert find_image("windows") is None
    assert find_image(None) is None
