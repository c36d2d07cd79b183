using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LatentDb.Cli.Evaluation.Data;

/// <summary>LoCoMo (Maharana et al. 2024): conversations of many sessions, and questions of five types about them.</summary>
internal static class LocomoFile
{
    /// <exception cref="UsageException">The file is not in the layout of locomo10.json.</exception>
    public static async Task<IReadOnlyList<LocomoSample>> ReadAsync(string path, int? limit, CancellationToken cancellationToken)
    {
        FileStream file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            try
            {
                using JsonDocument document = await JsonDocument.ParseAsync(file, default, cancellationToken).ConfigureAwait(false);
                return [.. document.RootElement.EnumerateArray().Take(limit ?? int.MaxValue).Select(Read)];
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new UsageException($"'{path}' is not in the layout of LoCoMo: {error.Message}");
            }
        }
    }

    private static LocomoSample Read(JsonElement sample)
    {
        JsonElement conversation = sample.GetProperty("conversation");
        List<string> sessions = [];
        for (int number = 1; conversation.TryGetProperty($"session_{number}", out JsonElement session); number++)
        {
            string time = conversation.TryGetProperty($"session_{number}_date_time", out JsonElement at) ? at.GetString()! : string.Empty;
            if (session.GetArrayLength() > 0) sessions.Add(SessionText(time, session));
        }

        return new LocomoSample(sessions, [.. sample.GetProperty("qa").EnumerateArray().Select(ReadQuestion)]);
    }

    /// <summary>As the data set's own scripts write a session for a model.</summary>
    private static string SessionText(string time, JsonElement session)
    {
        var text = new StringBuilder();
        if (time.Length > 0) text.Append(CultureInfo.InvariantCulture, $"DATE: {time}\n");
        text.Append("CONVERSATION:\n");
        foreach (JsonElement turn in session.EnumerateArray())
        {
            text.Append(CultureInfo.InvariantCulture, $"{turn.GetProperty("speaker").GetString()} said, \"{turn.GetProperty("text").GetString()}\"");
            if (turn.TryGetProperty("blip_caption", out JsonElement caption)) text.Append(CultureInfo.InvariantCulture, $" and shared {caption.GetString()}.");
            text.Append('\n');
        }

        return text.ToString();
    }

    private static LocomoQuestion ReadQuestion(JsonElement question)
    {
        int category = question.GetProperty("category").GetInt32();
        bool hasAnswer = question.TryGetProperty("answer", out JsonElement answer);
        return new LocomoQuestion(question.GetProperty("question").GetString()!, hasAnswer ? answer.ToString() : string.Empty, category);
    }
}

/// <summary>One conversation.</summary>
internal sealed record LocomoSample(IReadOnlyList<string> Sessions, IReadOnlyList<LocomoQuestion> Questions);

/// <summary>One question. Categories: 1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial (the conversation does not say).</summary>
internal sealed record LocomoQuestion(string Question, string Answer, int Category);
