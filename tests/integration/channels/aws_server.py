"""SES (API v2, SendEmail) and SNS (Publish) as their API references describe them; signatures are checked for real."""

import base64
import hashlib
import hmac
import json
import re
from abc import abstractmethod
from typing import Any
from urllib.parse import parse_qsl

from tests.integration.channels.http_sink import HttpSink, Received
from tests.integration.channels.vendor_server import VendorServer, Verdict

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "eu-central-1"

_AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={KEY_ID}/(?P<date>\d{{8}})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_SMS_ATTRIBUTES = {"AWS.SNS.SMS.SMSType", "AWS.SNS.SMS.SenderID", "AWS.MM.SMS.OriginationNumber"}
_LONGEST_SMS = 1_600


class AwsServer(VendorServer):
    service: str

    def judge(self, request: Received) -> Verdict:
        if not _signed(request, self.service):
            return self.refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        return self.judge_signed(request)

    @abstractmethod
    def judge_signed(self, request: Received) -> Verdict:
        """What is left to say of a request that came from the account."""

    @abstractmethod
    def refusal(self, status: int, code: str, message: str) -> Verdict:
        """In the service's own protocol."""

    def stage_refusal(self, status: int, code: str, message: str) -> None:
        verdict = self.refusal(status, code, message)
        self.stage(verdict.status, verdict.body, **verdict.headers)


class SesServer(AwsServer):
    service = "ses"

    def __init__(self, sink: HttpSink) -> None:
        super().__init__(sink)
        self.accepted: list[dict[str, Any]] = []  # Any: bodies as they came

    def judge_signed(self, request: Received) -> Verdict:
        if (request.method, request.target) != ("POST", "/v2/email/outbound-emails"):
            return self.refusal(404, "NotFoundException", "no such resource")
        body = json.loads(request.body)
        known = {"FromEmailAddress", "Destination", "Content", "EmailTags", "ConfigurationSetName"}
        tags = body.get("EmailTags", [])
        if set(body) - known or list(body["Content"]) != ["Raw"] or list(body["Destination"]) != ["ToAddresses"]:
            return self.refusal(400, "BadRequestException", "unknown member")
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", tag[key]) for tag in tags for key in ("Name", "Value")):
            return self.refusal(400, "BadRequestException", "Tag is not valid")
        self.accepted.append({**body, "raw": base64.b64decode(body["Content"]["Raw"]["Data"], validate=True)})
        answer = json.dumps({"MessageId": f"0100-{len(self.accepted)}"}).encode()
        return Verdict(200, answer, {"content-type": "application/json"})

    def refusal(self, status: int, code: str, message: str) -> Verdict:
        headers = {"content-type": "application/json", "x-amzn-errortype": code}
        return Verdict(status, json.dumps({"message": message}).encode(), headers)


class SnsServer(AwsServer):
    service = "sns"

    def __init__(self, sink: HttpSink) -> None:
        super().__init__(sink)
        self.accepted: list[dict[str, str]] = []

    def judge_signed(self, request: Received) -> Verdict:
        fields = dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
        names = {value for key, value in fields.items() if re.fullmatch(r"MessageAttributes\.entry\.\d+\.Name", key)}
        plain = {key: value for key, value in fields.items() if not key.startswith("MessageAttributes.")}
        if set(plain) != {"Action", "Version", "PhoneNumber", "Message"} or names - _SMS_ATTRIBUTES:
            return self.refusal(400, "ValidationError", "unknown parameter")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", plain["PhoneNumber"]):
            reason = f"{plain['PhoneNumber']} is not valid to publish to"
            return self.refusal(400, "InvalidParameter", f"Invalid parameter: PhoneNumber Reason: {reason}")
        if not plain["Message"] or len(plain["Message"].encode("utf-16-le")) // 2 > _LONGEST_SMS:
            return self.refusal(400, "InvalidParameter", "Invalid parameter: Message too long")
        self.accepted.append(fields)
        inner = f"<PublishResult><MessageId>sns-{len(self.accepted)}</MessageId></PublishResult>"
        return Verdict(200, _xml("PublishResponse", inner), {"content-type": "text/xml"})

    def refusal(self, status: int, code: str, message: str) -> Verdict:
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        return Verdict(status, _xml("ErrorResponse", inner), {"content-type": "text/xml"})


def _xml(name: str, inner: str) -> bytes:
    return f'<{name} xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{inner}</{name}>'.encode()


def _signed(request: Received, service: str) -> bool:
    """Signature Version 4, computed from what arrived."""
    claim = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if claim is None or (claim["region"], claim["service"]) != (REGION, service):
        return False
    signed = "".join(f"{name}:{request.headers[name]}\n" for name in claim["signed"].split(";"))
    body = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, request.target, "", signed, claim["signed"], body])
    scope = f"{claim['date']}/{REGION}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest])
    key = f"AWS4{SECRET}".encode()
    for step in (claim["date"], REGION, service, "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), claim["signature"])
