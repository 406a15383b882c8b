"""What is known of the 18 MedMNIST sets without their files: how many channels or axes, which task, the names
of the classes.

Yang et al. 2023, MedMNIST v2. The names are those of the set's own list, shortened where they are sentences.
"""

from dataclasses import dataclass

ORGANS = ("bladder", "left femur", "right femur", "heart", "left kidney", "right kidney", "liver",
          "left lung", "right lung", "pancreas", "spleen")
CHEST = ("atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia",
         "pneumothorax", "consolidation", "edema", "emphysema", "fibrosis", "pleural", "hernia")


@dataclass(frozen=True)
class Known:
    """channels: of the pictures, 1 or 3.  classes: names of the values 0, 1, ..., or of the answers where
    there are several at once.  axes: 3 for volumes.  ordinal: the classes are grades."""

    channels: int
    classes: tuple[str, ...]
    axes: int = 2
    ordinal: bool = False
    licence: str = "CC BY 4.0"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sides in pixels or voxels that can be had."""
        return (28, 64, 128, 224) if self.axes == 2 else (28, 64)


SETS = {
    "pathmnist": Known(3, ("adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle",
                           "normal colon mucosa", "cancer-associated stroma", "colorectal adenocarcinoma")),
    "chestmnist": Known(1, CHEST),
    "dermamnist": Known(3, ("actinic keratoses", "basal cell carcinoma", "benign keratosis", "dermatofibroma",
                            "melanoma", "melanocytic nevi", "vascular lesions"), licence="CC BY-NC 4.0"),
    "octmnist": Known(1, ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal")),
    "pneumoniamnist": Known(1, ("normal", "pneumonia")),
    "retinamnist": Known(3, ("0", "1", "2", "3", "4"), ordinal=True),
    "breastmnist": Known(1, ("malignant", "normal or benign")),
    "bloodmnist": Known(3, ("basophil", "eosinophil", "erythroblast", "immature granulocytes", "lymphocyte",
                            "monocyte", "neutrophil", "platelet")),
    "tissuemnist": Known(1, ("collecting duct", "distal convoluted tubule", "glomerular endothelial cells",
                             "interstitial endothelial cells", "leukocytes", "podocytes",
                             "proximal tubule segments", "thick ascending limb")),
    "organamnist": Known(1, ORGANS),
    "organcmnist": Known(1, ORGANS),
    "organsmnist": Known(1, ORGANS),
    "organmnist3d": Known(1, ("liver", "right kidney", "left kidney", "right femur", "left femur", "bladder",
                              "heart", "right lung", "left lung", "spleen", "pancreas"), 3),
    "nodulemnist3d": Known(1, ("benign", "malignant"), 3),
    "adrenalmnist3d": Known(1, ("normal", "hyperplasia"), 3),
    "fracturemnist3d": Known(1, ("buckle", "nondisplaced", "displaced"), 3),
    "vesselmnist3d": Known(1, ("vessel", "aneurysm"), 3),
    "synapsemnist3d": Known(1, ("inhibitory", "excitatory"), 3),
}
