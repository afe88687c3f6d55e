"""Small DICOM archives written slice by slice."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

MR = "1.2.840.10008.5.1.4.1.1.4"
SEG_NAME = "Tumour"


@dataclass
class Archive:
    """A folder to which series are added; UIDs count up."""

    folder: Path
    count: int = 0
    written: list = field(default_factory=list)

    def add(self, description, patient="Anna^7", study="1", date="20210304", name="Smith^Anna", shape=(10, 22, 26),
            time="101500", voxels=None, phases=1, phase_tag=None, modality="MR", change=None, **tags):  # fmt: skip
        """Write one series, ``phases`` images at each position, and return its files in order of position and phase."""
        self.count += 1
        uid = f"1.2.826.0.1.{self.count}"
        random = np.random.default_rng(self.count)
        if voxels is None:
            voxels = random.integers(0, 900, (phases, *shape))
        files = []
        for phase in range(phases):
            for number in range(shape[0]):
                data = pydicom.Dataset()
                data.file_meta = pydicom.dataset.FileMetaDataset()
                data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
                data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MR
                sop = f"{uid}.{phase}.{number + 1}"
                data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = sop
                values = {
                    "PatientID": patient, "PatientName": name, "PatientBirthDate": "19600102", "PatientSex": "F",
                    "StudyInstanceUID": f"1.2.826.0.2.{study}", "StudyDate": date, "StudyID": study,
                    "SeriesInstanceUID": uid, "SeriesNumber": self.count, "SeriesDescription": description,
                    "Modality": modality, "AcquisitionTime": time, "FrameOfReferenceUID": f"1.2.826.0.3.{study}",
                    "InstanceNumber": phase * shape[0] + number + 1, "AccessionNumber": "A9",
                    "StudyTime": "100000", "ReferringPhysicianName": "",
                    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [1.25, 0.8],
                    "ImagePositionPatient": [-10.5, 20.25, 3.0 * number], "SliceThickness": 3,
                    "Rows": shape[1], "Columns": shape[2], "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
                    "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelRepresentation": 0,
                    **tags,
                }  # fmt: skip
                if phase_tag:
                    keyword, by_phase = phase_tag
                    values[keyword] = by_phase[phase]
                for keyword, value in values.items():
                    setattr(data, keyword, value)
                if change:
                    change(number, phase, data)
                data.PixelData = voxels[phase][number].astype("<u2").tobytes()
                # Names of files say nothing, and series lie mixed in two folders.
                path = self.folder / f"part{number % 2}" / f"IM{len(self.written):05d}"
                path.parent.mkdir(parents=True, exist_ok=True)
                data.save_as(path, enforce_file_format=True)
                files.append(path)
                self.written.append(path)
        return files

    def add_study(self, **rest):
        """T2, AP, PVP and DP as usual; the files of AP."""
        self.add("t2_tse_fs_tra", **rest)
        arterial = self.add("t1_vibe_dyn_art", time="101530", **rest)
        self.add("t1_vibe_dyn_pv", time="101610", **rest)
        self.add("t1_vibe_dyn_delayed", time="101800", **rest)
        return arterial

    def add_enhanced(self, files):
        """Replace single images, which may be several phases, by one Enhanced MR object (PS3.3 A.36.2); its file.

        Frames lie in no order; each says its position, time, temporal position and rescaling in functional groups.
        """
        images = [pydicom.dcmread(path) for path in files]
        whole = pydicom.dcmread(files[0])
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness",
                        "AcquisitionTime", "InstanceNumber", "TemporalPositionIdentifier"):  # fmt: skip
            if keyword in whole:
                delattr(whole, keyword)
        whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
        groups = []
        order = np.random.default_rng(len(files)).permutation(len(images))
        for number in order:
            image, group = images[number], pydicom.Dataset()
            content = {"FrameAcquisitionDateTime": f"{image.StudyDate}{image.AcquisitionTime}", "StackID": "1"}
            if "TemporalPositionIdentifier" in image:
                content["TemporalPositionIndex"] = int(image.TemporalPositionIdentifier)
            group.FrameContentSequence = _item(**content)
            group.PlanePositionSequence = _item(ImagePositionPatient=image.ImagePositionPatient)
            group.PlaneOrientationSequence = _item(ImageOrientationPatient=image.ImageOrientationPatient)
            group.PixelMeasuresSequence = _item(PixelSpacing=image.PixelSpacing, SliceThickness=image.SliceThickness)
            groups.append(group)
        whole.SharedFunctionalGroupsSequence = [pydicom.Dataset()]
        whole.PerFrameFunctionalGroupsSequence = groups
        whole.NumberOfFrames = len(images)
        whole.PixelData = b"".join(images[number].PixelData for number in order)
        for path in files:
            path.unlink()
        whole.save_as(files[0], enforce_file_format=True)
        return files[0]

    def add_seg(self, image_files, mask, name=SEG_NAME, fractional=False, labels=None, kind=None):
        """A SEG drawn on these files; ``mask`` is (K, J, I), or (K, J, I, segment) with ``labels``."""
        highdicom = pytest.importorskip("highdicom")
        labels = labels or [name]
        code = highdicom.sr.CodedConcept("108369006", "SCT", "Neoplasm")
        descriptions = [
            highdicom.seg.SegmentDescription(n, label, code, code, "MANUAL") for n, label in enumerate(labels, start=1)
        ]
        images = [pydicom.dcmread(path) for path in image_files]
        for image in images:
            # A SEG needs these, the phantom's images have none.
            for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName"):
                if keyword not in image:
                    setattr(image, keyword, "")
        self.count += 1
        seg = highdicom.seg.Segmentation(
            images, mask.astype(float if fractional else np.uint8), kind or ("FRACTIONAL" if fractional else "BINARY"),
            descriptions, f"1.2.826.0.1.{self.count}", self.count, f"1.2.826.0.1.{self.count}.1", 1,
            "maker", "model", "1", "7", omit_empty_frames=True,
        )  # fmt: skip
        path = self.folder / f"seg{self.count}.dcm"
        seg.save_as(path)
        return path

    def add_contours(self, image_files, contours, name=SEG_NAME, kind="CLOSED_PLANAR", refers_to="images", **also):
        """An RTSTRUCT: ``contours`` are (n, 3) arrays of LPS points in mm; ``also`` are contours of other names.

        ``refers_to`` is "images", "series", "other images" (of the series, by UIDs that the archive does not hold) or
        "frame", the frame of reference alone.
        """
        first = pydicom.dcmread(image_files[0], stop_before_pixels=True)
        self.count += 1
        data = pydicom.Dataset()
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = f"1.2.826.0.1.{self.count}.1"
        for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate"):
            setattr(data, keyword, getattr(first, keyword))
        data.SeriesInstanceUID, data.SeriesNumber, data.Modality = f"1.2.826.0.1.{self.count}", self.count, "RTSTRUCT"
        frame, study, series = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
        frame.FrameOfReferenceUID = first.FrameOfReferenceUID
        if refers_to in ("series", "other images"):
            series.SeriesInstanceUID, study.ReferencedSOPInstanceUID = first.SeriesInstanceUID, first.StudyInstanceUID
            study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
            study.RTReferencedSeriesSequence, frame.RTReferencedStudySequence = [series], [study]
        data.ReferencedFrameOfReferenceSequence = [frame]
        data.StructureSetROISequence, data.ROIContourSequence = [], []
        for number, (roi_name, own) in enumerate({name: contours, **also}.items(), start=4):
            structure, roi, image = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
            structure.ROINumber, structure.ROIName = number, roi_name
            structure.ReferencedFrameOfReferenceUID = first.FrameOfReferenceUID
            image.ReferencedSOPClassUID = MR
            image.ReferencedSOPInstanceUID = first.SOPInstanceUID if refers_to == "images" else "1.2.826.0.9.9"
            roi.ReferencedROINumber, roi.ContourSequence = number, []
            for points in own:
                contour = pydicom.Dataset()
                contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
                contour.ContourData = [f"{value:.8g}" for value in np.asarray(points).ravel()]
                if refers_to in ("images", "other images"):
                    contour.ContourImageSequence = [image]
                roi.ContourSequence.append(contour)
            data.StructureSetROISequence.append(structure)
            data.ROIContourSequence.append(roi)
        path = self.folder / f"rt{self.count}.dcm"
        data.save_as(path, enforce_file_format=True)
        return path


def _item(**values):
    item = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return [item]


@pytest.fixture
def archive(tmp_path):
    """An empty archive in a folder with a space and a letter that is not ASCII."""
    return Archive(tmp_path / "Archiv für Ärzte")


@pytest.fixture
def intake(archive, tmp_path):
    """Run ``tace-response intake`` on the archive: (exit code, what it said, what it complained of)."""
    import io

    from TACEResponseLib.cli import main
    from TACEResponseLib.commands.terminal import Terminal

    def run(*arguments, out=tmp_path / "out" / "manifest.csv", key=tmp_path / "secret" / "site.key"):
        output, errors = io.StringIO(), io.StringIO()
        command = ["intake", archive.folder, "--out", out, "--key", key, *arguments]
        code = main([str(part) for part in command], Terminal(output, errors))
        return code, output.getvalue(), errors.getvalue()

    return run
