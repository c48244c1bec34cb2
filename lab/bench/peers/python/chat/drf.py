"""Django REST framework: a view with serializers."""

from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import log
from chat.models import Membership, Message, Room


class SenderSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    username = serializers.CharField()


class MessageSerializer(serializers.ModelSerializer):
    sender = SenderSerializer()

    class Meta:
        model = Message
        fields = ["id", "room_id", "seq", "sender", "content", "created_at"]


class SendSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    content = serializers.CharField()


class Messages(APIView):
    def post(self, request, room_id):
        body = SendSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        message, new = log.append(request.user, room_id, **body.validated_data)
        return Response({"message": MessageSerializer(message).data, "duplicate": not new}, status=201 if new else 200)

    def get(self, request, room_id):
        if not Membership.objects.filter(room_id=room_id, user=request.user).exists():
            raise PermissionDenied
        found = log.after(room_id, int(request.query_params["after"]))
        head = Room.objects.values_list("head", flat=True).get(pk=room_id)
        return Response({"messages": MessageSerializer(found, many=True).data, "head": head})
